"""Lists of complaints for programs: GeoJSON in pages or whole, CSV whole."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.quotas import Quota, spend
from analytics.tally.totals import matched
from api import documents, rows
from api.base import GEOJSON, PublicView, absolute, count_look
from catalogue.translated import text_in
from complaints.filter_grammar import parse_filters
from complaints.filters import Cursor, Filters
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet

_PIECE = 1 << 16
_IN_MEMORY = 4 << 20
_BATCH = 2000
_ANY_ID = "00000000-0000-0000-0000-000000000000"
_ANY_VERSION = "0"


class ComplaintFeatures(PublicView):
    """Public complaints as GeoJSON."""

    @extend_schema(
        operation_id="list_complaints",
        summary="List complaints as GeoJSON",
        description="Newest first. Follow `next` for more, or ask `download=true` for everything that matches at once.",
        parameters=[
            *documents.FILTERS,
            *documents.PAGING,
            OpenApiParameter("download", OpenApiTypes.BOOL, description="Everything that matches, as a file."),
        ],
        responses={(200, GEOJSON): documents.ComplaintCollectionDocument} | documents.problems(400, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        whole = request.GET.get("download") in ("true", "1")
        if not whole:
            count_look(request, now=now)
        filters = parse_filters(request.GET, now=now)
        found = filters.apply(Complaint.objects.public())
        if whole:
            spend(request, Quota.EXPORT, now=now)
            return _whole_collection(request, filters, found)
        features, after = _one_page(request, filters, found)
        following = f"{reverse('api_complaints_geojson')}?{filters.query_string(cursor=after)}" if after else None
        head = _collection_head(filters) | {
            "numberMatched": matched(filters, found),
            "numberReturned": len(features),
            "next": absolute(request, following) if following else None,
        }
        return HttpResponse(_collection(head, ",".join(features)), content_type=GEOJSON)


class ComplaintTable(PublicView):
    """Public complaints as CSV."""

    @extend_schema(
        operation_id="download_complaints",
        summary="Download complaints as CSV",
        description="Everything that matches, newest first; with `page_size`, so many rows. Columns as in the GeoJSON.",
        parameters=[*documents.FILTERS, *documents.PAGING],
        responses={(200, "text/csv"): OpenApiTypes.STR} | documents.problems(400, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        filters = parse_filters(request.GET, now=now)
        spend(request, Quota.EXPORT, now=now)
        found = filters.after_cursor(filters.apply(Complaint.objects.public()))
        if "page_size" in filters.given:
            found = found.order_by("-submitted_at", "-id")[: filters.page_size]
        response = _file_response(
            _copied(request, found, now), "text/csv; charset=utf-8; header=present", "csv", filters
        )
        response["Link"] = f'<{absolute(request, "/")}>; rel="describedby"'
        return response


def _one_page(request: HttpRequest, filters: Filters, found: ComplaintQuerySet) -> tuple[list[str], Cursor | None]:
    """The features of one page as JSON texts, and where the next page begins. One statement."""
    page = filters.after_cursor(found).order_by("-submitted_at", "-id")[: filters.page_size + 1]
    head = rows.with_picked(page, now=filters.now, photo_url=photo_url(request))
    with connection.cursor() as cursor:
        cursor.execute(*rows.features_sql(head))
        fetched = cursor.fetchall()
    shown = fetched[: filters.page_size]
    after = Cursor(shown[-1][1], shown[-1][2]) if len(fetched) > len(shown) else None
    return [row[0] for row in shown], after


def _whole_collection(request: HttpRequest, filters: Filters, found: ComplaintQuerySet) -> HttpResponseBase:
    """Every matching feature, read in batches through one server-side cursor into a file before the answer begins."""
    head = rows.with_picked(found, now=filters.now, photo_url=photo_url(request))
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed when the answer was sent)
    count = 0
    sql, params = rows.features_sql(head)
    connection.ensure_connection()
    with connection.connection.cursor(name="features", withhold=True) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(sql, params)
        for feature, _at, _pk in cursor:
            file.write(("," if count else "").encode() + feature.encode())
            count += 1
    totals = {"numberMatched": count, "numberReturned": count, "next": None}
    before, after = _collection(_collection_head(filters) | totals, "\n").split(b"\n")
    return _file_response(file, GEOJSON, "geojson", filters, before=before, after=after)


def _collection_head(filters: Filters) -> dict[str, object]:
    city = filters.jurisdiction
    return {
        "type": "FeatureCollection",
        "timeStamp": filters.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "license": city.license,
        "source": text_in(city.source, get_language() or "fr"),
    }


def _collection(head: dict[str, object], features: str) -> bytes:
    return orjson.dumps(head)[:-1] + b',"features":[' + features.encode() + b"]}"


def _copied(request: HttpRequest, found: ComplaintQuerySet, now: datetime) -> IO[bytes]:
    """COPY into a file first: an answer that has begun can no longer say that something went wrong."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed when the answer was sent)
    copy_table(found, file, now=now, photo_url=photo_url(request))
    return file


def copy_table(found: ComplaintQuerySet, file: IO[bytes], *, now: datetime, photo_url: tuple[str, str]) -> int:
    """Write the table of some complaints; returns how many rows. Bytes pass through, none is kept in memory."""
    sql, params = rows.table_sql(rows.with_picked(found, now=now, photo_url=photo_url))
    with connection.cursor() as cursor:
        statement = cursor.mogrify(sql, params).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT WITH (FORMAT csv, HEADER)", file)
        copied: int = cursor.rowcount
    return copied


def _file_response(
    file: IO[bytes], kind: str, extension: str, filters: Filters, *, before: bytes = b"", after: bytes = b""
) -> StreamingHttpResponse:
    size = file.tell() + len(before) + len(after)
    file.seek(0)
    name = f"complaints-{filters.jurisdiction.code}-{filters.now:%Y-%m-%d}.{extension}"
    response = StreamingHttpResponse(_pieces(file, before, after), content_type=kind)
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _pieces(file: IO[bytes], before: bytes, after: bytes) -> Iterator[bytes]:
    with file:
        yield before
        while piece := file.read(_PIECE):
            yield piece
        yield after


def photo_url(request: HttpRequest) -> tuple[str, str]:
    """What stands before a photo's id in its address, and between the id and the version."""
    return photo_url_of(absolute(request, ""))


def photo_url_of(site: str) -> tuple[str, str]:
    """The same for a site's address (scheme and host)."""
    before, _id, after = f"{site}{reverse('attachment', args=[_ANY_ID, 'full', _ANY_VERSION])}".partition(_ANY_ID)
    return before, after.removesuffix(f"{_ANY_VERSION}/")
