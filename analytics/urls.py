"""Pages of the mayor's office, and the open-data page."""

from django.urls import path

from analytics.views import cards, data, exports, office, reports

urlpatterns = [
    path("office/", office.office, name="office"),
    path("office/month-squares/", office.month_squares, name="office_month_squares"),
    path("office/hot-spots/", office.look_for_hot_spots, name="office_hot_spots"),
    path("office/<slug:code>.csv", office.table, name="office_table"),
    path("office/reports/", reports.ask, name="office_reports"),
    path("office/reports/<uuid:public_id>/", reports.report, name="office_report"),
    path("office/reports/<uuid:public_id>/report.html", reports.download, name="office_report_file"),
    path("office/reports/<uuid:public_id>/brief.pdf", reports.download, name="office_brief_file"),
    path("office/weekly/", reports.weekly, name="office_weekly"),
    path("office/weekly/<str:token>/end/", reports.weekly_end, name="office_weekly_end"),
    path("data/", data.open_data, name="open_data"),
    path("data/exports/", exports.ask, name="exports"),
    path("data/exports/<uuid:public_id>/", exports.export, name="export"),
    path("data/exports/<uuid:public_id>/complaints.csv", exports.download, name="export_file"),
    path("data/services/", cards.scorecards, name="services"),
    # The same page under its older name.
    path("data/scorecards/", cards.scorecards, name="scorecards"),
    path("data/scorecards/recompute_scorecards.py", cards.recomputation, name="scorecard_script"),
    path("data/scorecards/<slug:code>.csv", cards.scorecard_table, name="scorecard_table"),
]
