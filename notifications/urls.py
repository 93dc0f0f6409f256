"""Mails of a demo, in the browser. Everywhere else these addresses are 404."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("dev/mail/", views.mail_list, name="mail_list"),
    path("dev/mail/<str:name>/", views.mail_detail, name="mail_detail"),
]
