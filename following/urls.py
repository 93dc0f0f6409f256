"""Pages about following."""

from django.urls import path

from following.views import feeds, pages

urlpatterns = [
    path("follow/", pages.follow, name="follow"),
    path("follow/feed.atom", feeds.feed, name="feed"),
    path("complaints/<str:tracking_number>/join/", pages.join_complaint, name="join"),
    path("f/<str:token>/", pages.subscription, name="subscription"),
    path("f/<str:token>/end/", pages.subscription_end, name="subscription_end"),
    path("f/<str:token>/closing/", pages.follower_closing, name="follower_closing"),
]
