"""Addresses for programs (contract.md §4)."""

from django.urls import path

from api import detail, feeds, heat, intake, maps, reference, routes, schema, tiles

urlpatterns = [
    path("api/v1/complaints/", intake.ComplaintIntake.as_view(), name="api_complaints"),
    path("api/v1/complaints/<str:tracking_number>/", detail.ComplaintDetail.as_view(), name="api_complaint"),
    path("api/v1/complaints.geojson", feeds.ComplaintFeatures.as_view(), name="api_complaints_geojson"),
    path("api/v1/complaints.csv", feeds.ComplaintTable.as_view(), name="api_complaints_csv"),
    path("api/v1/route/", routes.RouteExplanation.as_view(), name="api_route"),
    path("api/v1/catalogue.json", reference.Catalogue.as_view(), name="api_catalogue"),
    path("api/v1/districts.geojson", reference.Districts.as_view(), name="api_districts"),
    path("api/v1/service-areas.geojson", reference.ServiceAreas.as_view(), name="api_service_areas"),
    path("api/v1/heat.json", heat.Heat.as_view(), name="api_heat"),
    path("api/v1/map.json", maps.ComplaintMap.as_view(), name="api_map"),
    path("api/v1/schema/", schema.Schema.as_view(), name="api_schema"),
    path("api/v1/docs/", schema.Documentation.as_view(), name="api_docs"),
    path("tiles/complaints/<int:z>/<int:x>/<int:y>.mvt", tiles.ComplaintTile.as_view(), name="tile"),
]
