"""One view: publishing a review sends the Django signal; the view knows nothing of integrations."""

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path

from django_site.apps import manager, review_published


def publish(_request: HttpRequest, review: str) -> JsonResponse:
    """Publish a review, in a transaction: the event is on disk when it has committed."""
    manager()
    with transaction.atomic():
        review_published.send(sender=HttpRequest, review=review)
    return JsonResponse({"status": "published"}, status=202)


urlpatterns = [path("reviews/<str:review>/publish", publish)]
