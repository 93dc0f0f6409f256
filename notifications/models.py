"""Ready-made messages waiting to be delivered. This room knows no complaints: `reference` is the sender's own mark."""

from django.db import models
from django.db.models import Q

from queueing.models import QueueRow


class OutboxMessage(QueueRow):
    """One message to one address, rendered when it was decided on. Erasable: address and words sit here only until then."""

    channel = models.CharField(max_length=10, default="email")
    recipient = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    # [[label, address], …]: what its reader can do with one tap, each a page that asks before it acts.
    actions = models.JSONField(default=list, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)
    # Where one POST ends such messages (RFC 8058); empty for what is not a subscription.
    unsubscribe_url = models.CharField(max_length=500, blank=True)
    # A file that goes along: its path under MEDIA_ROOT, and the name its reader sees. One that is gone by then stays away.
    attachment_path = models.CharField(max_length=200, blank=True)
    attachment_name = models.CharField(max_length=100, blank=True)
    # What it is about (a complaint's tracking number), so that erasure and the desk find it again.
    reference = models.CharField(max_length=60)
    # One message per (reference, kind of news, recipient): putting it twice is a no-op.
    dedup_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # claim(): due rows, oldest first
            models.Index(fields=["next_attempt_at", "id"], name="outbox_due", condition=Q(queue_state="due")),
            # erasure and the desk: all messages about one thing
            models.Index(fields=["reference"], name="outbox_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.reference} {self.queue_state}"
