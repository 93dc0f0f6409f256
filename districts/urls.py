"""Pages about boundaries, for administrators."""

from django.urls import path

from districts.views import drafts, editions, overview, shapes

urlpatterns = [
    path("boundaries/", overview.overview, name="boundaries"),
    path("boundaries/new/", drafts.upload, name="boundary_upload"),
    path("boundaries/files/<uuid:public_id>/", drafts.draft, name="boundary_draft"),
    path("boundaries/files/<uuid:public_id>/shapes.json", shapes.draft_shapes, name="boundary_draft_shapes"),
    path("boundaries/files/<uuid:public_id>/choose/", drafts.choose, name="boundary_choose"),
    path("boundaries/files/<uuid:public_id>/decide/", drafts.decide, name="boundary_decide"),
    path("boundaries/files/<uuid:public_id>/store/", drafts.store, name="boundary_store"),
    path("boundaries/files/<uuid:public_id>/discard/", drafts.discard, name="boundary_discard"),
    path("boundaries/editions/<int:pk>/", editions.edition, name="boundary_edition"),
    path("boundaries/editions/<int:pk>/shapes.json", shapes.edition_shapes, name="boundary_edition_shapes"),
    path("boundaries/editions/<int:pk>/activate/", editions.put_in_force, name="boundary_activate"),
    path("boundaries/editions/<int:pk>/cancel/", editions.cancel, name="boundary_cancel"),
    path("boundaries/editions/<int:pk>/back/", editions.go_back, name="boundary_back"),
]
