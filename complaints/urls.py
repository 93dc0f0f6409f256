"""Pages about complaints: the public's, the reporter's, the desk's, the crew's."""

from django.urls import path

from complaints.views import closing, field, files, public, report, reporter
from complaints.views.desk import bulk, case, filing, hotspots, moderation, pages, paper, replies
from complaints.views.rules import coverage, rerouting, simulation, what_if, why

urlpatterns = [
    path("report/", report.report, name="report"),
    path("report/check/", report.check, name="report_check"),
    path("report/places/", report.places, name="report_places"),
    path("track/", public.track, name="track"),
    path("complaints/<str:tracking_number>/", public.complaint, name="complaint"),
    path("privacy/", public.privacy, name="privacy"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("c/<str:token>/", reporter.secret_link, name="secret_link"),
    path("c/<str:token>/closing/", closing.closing, name="closing"),
    path("files/<uuid:public_id>/<str:variant>/<str:version>/", files.attachment, name="attachment"),
    path("desk/", pages.desk, name="desk"),
    path("desk/new/", filing.new, name="desk_new"),
    path("desk/hotspots/", hotspots.hotspots, name="hotspots"),
    path("desk/moderation/", moderation.moderation, name="moderation"),
    path("desk/filters/", pages.save, name="desk_save_filter"),
    path("desk/filters/<int:pk>/delete/", pages.forget, name="desk_forget_filter"),
    path("desk/columns/", pages.columns, name="desk_columns"),
    path("desk/replies/", replies.replies, name="desk_replies"),
    path("desk/replies/<int:pk>/", replies.replies, name="desk_reply"),
    path("desk/bulk/", bulk.bulk, name="desk_bulk"),
    path("desk/undo/", case.undo_deed, name="desk_undo"),
    path("desk/<str:tracking_number>/paper/", paper.papers, name="desk_papers"),
    path("desk/<str:tracking_number>/paper/<uuid:public_id>.pdf", paper.download, name="desk_paper_file"),
    path("desk/<str:tracking_number>/here/", case.here, name="desk_here"),
    path("desk/<str:tracking_number>/", case.desk_complaint, name="desk_complaint"),
    path("desk/<str:tracking_number>/<slug:slug>/", case.desk_action, name="desk_action"),
    path("boundaries/coverage/", coverage.coverage, name="coverage"),
    path("boundaries/coverage/shapes.json", coverage.shapes, name="coverage_shapes"),
    path("boundaries/editions/<int:pk>/simulation/", simulation.simulation, name="boundary_simulation"),
    path("boundaries/rerouting/", rerouting.rerouting, name="rerouting"),
    path("boundaries/what-if/", what_if.what_if, name="what_if"),
    path("boundaries/what-if/<int:pk>/", what_if.what_if_result, name="what_if_result"),
    path("boundaries/why/", why.why, name="why_here"),
    path("field/", field.field, name="field"),
    path("field/points.json", field.points, name="field_points"),
    path("field/<str:tracking_number>/", field.field_complaint, name="field_complaint"),
    path("field/<str:tracking_number>/<slug:slug>/", field.field_action, name="field_action"),
]
