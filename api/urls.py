"""Addresses for programs (contract.md §4)."""

from django.urls import path

from api import intake

urlpatterns = [
    path("api/v1/complaints/", intake.ComplaintIntake.as_view(), name="api_complaints"),
    path("api/v1/complaints/<str:tracking_number>/", intake.ComplaintIntake.as_view(), name="api_complaint"),
]
