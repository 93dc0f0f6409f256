"""Where a member of staff lands after login."""

from django.urls import path

from accounts import views

urlpatterns = [path("staff/", views.staff_home, name="staff_home")]
