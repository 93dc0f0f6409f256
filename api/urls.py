"""Addresses for programs (contract.md §4)."""

from django.urls import path

from api import detail, feeds, heat, intake, ledgers, maps, operator, reference, routes, schema, tiles

urlpatterns = [
    # Asked with every step of a pin.
    path("api/v1/route/", routes.RouteExplanation.as_view(), name="api_route"),
    path("api/v1/complaints/", intake.ComplaintIntake.as_view(), name="api_complaints"),
    path("api/v1/complaints/<str:tracking_number>/", detail.ComplaintDetail.as_view(), name="api_complaint"),
    path("api/v1/complaints.geojson", feeds.ComplaintFeatures.as_view(), name="api_complaints_geojson"),
    path("api/v1/complaints.csv", feeds.ComplaintTable.as_view(), name="api_complaints_csv"),
    path("api/v1/findings.csv", ledgers.FindingTable.as_view(), name="api_findings_csv"),
    path("api/v1/ledger.csv", ledgers.LedgerTable.as_view(), name="api_ledger_csv"),
    path("api/v1/catalogue.json", reference.Catalogue.as_view(), name="api_catalogue"),
    path("api/v1/districts.geojson", reference.Districts.as_view(), name="api_districts"),
    path("api/v1/service-areas.geojson", reference.ServiceAreas.as_view(), name="api_service_areas"),
    path("api/v1/heat.json", heat.Heat.as_view(), name="api_heat"),
    path("api/v1/map.json", maps.ComplaintMap.as_view(), name="api_map"),
    path("api/v1/operator/cases/", operator.Cases.as_view(), name="api_operator_cases"),
    path("api/v1/operator/cases/<str:tracking_number>/", operator.Case.as_view(), name="api_operator_case"),
    path(
        "api/v1/operator/cases/<str:tracking_number>/answer/",
        operator.CaseAnswer.as_view(),
        name="api_operator_answer",
    ),
    path(
        "api/v1/operator/cases/<str:tracking_number>/resolve/",
        operator.CaseResolve.as_view(),
        name="api_operator_resolve",
    ),
    path(
        "api/v1/operator/cases/<str:tracking_number>/files/", operator.CaseFiles.as_view(), name="api_operator_photos"
    ),
    path("api/v1/operator/findings/", operator.Findings.as_view(), name="api_operator_findings"),
    path("api/v1/operator/findings/<str:number>/", operator.OneFinding.as_view(), name="api_operator_finding"),
    path("api/v1/operator/findings/<str:number>/accept/", operator.FindingAccept.as_view(), name="api_operator_accept"),
    path(
        "api/v1/operator/findings/<str:number>/contest/",
        operator.FindingContest.as_view(),
        name="api_operator_contest",
    ),
    path("api/v1/operator/findings/<str:number>/appeal/", operator.FindingAppeal.as_view(), name="api_operator_appeal"),
    path("api/v1/operator/findings/<str:number>/files/", operator.FindingFiles.as_view(), name="api_operator_files"),
    path("api/v1/schema/", schema.Schema.as_view(), name="api_schema"),
    path("api/v1/docs/", schema.Documentation.as_view(), name="api_docs"),
    path("tiles/complaints/<int:z>/<int:x>/<int:y>.mvt", tiles.ComplaintTile.as_view(), name="tile"),
]
