"""Addresses for programs (contract.md §4)."""

from django.urls import path

from api import detail, feeds, intake

urlpatterns = [
    path("api/v1/complaints/", intake.ComplaintIntake.as_view(), name="api_complaints"),
    path("api/v1/complaints/<str:tracking_number>/", detail.ComplaintDetail.as_view(), name="api_complaint"),
    path("api/v1/complaints.geojson", feeds.ComplaintFeatures.as_view(), name="api_complaints_geojson"),
    path("api/v1/complaints.csv", feeds.ComplaintTable.as_view(), name="api_complaints_csv"),
]
