"""The groups of readers, and which entries each is to be written.

Where nobody's view is bounded the matcher of those who see everything is all there is. Each view that somebody has
holds a matcher of its own, which is asked about what the view sees of an entry: nothing that is not seen decides
anything, not even whether a filter matches. That is done only for views whose conditions the row may satisfy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from services.gateway.entries import Entry, Rows
from services.gateway.matching import Matcher
from services.gateway.readers import Group
from services.gateway.rights.seeing import Glance, Vision
from services.gateway.rights.view_index import ViewIndex
from services.gateway.rights.views import View
from services.gateway.subscriptions import Interest, interested

Matched = dict[Group, list[Entry]]


class _Viewed:
    """A view that somebody has, and the groups of those who have it."""

    __slots__ = ("matcher", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.matcher: Matcher[Group] = Matcher(lambda interest: Group(interest, view))


class Groups:
    """Groups by view and interest; ``vision`` is what views see by."""

    def __init__(self) -> None:
        self.vision = Vision()
        self._unbounded: Matcher[Group] = Matcher(Group)
        self._viewed: dict[View, _Viewed] = {}
        self._by_sight: ViewIndex[_Viewed] = ViewIndex()

    def __len__(self) -> int:
        return len(self._unbounded) + sum(len(viewed.matcher) for viewed in self._viewed.values())

    def __iter__(self) -> Iterator[Group]:
        yield from self._unbounded
        for viewed in self._viewed.values():
            yield from viewed.matcher

    def enter(self, interest: Interest, view: View | None) -> Group:
        """Count one more reader with this interest and view, and return its group; *view* None: it sees everything."""
        if view is None:
            return self._unbounded.enter(interest)
        viewed = self._viewed.get(view)
        if viewed is None:
            viewed = self._viewed[view] = _Viewed(view)
            self._by_sight.add(viewed, view)
        return viewed.matcher.enter(interest)

    def leave(self, group: Group) -> None:
        """Count one reader less; a group without readers is forgotten, and so is a view."""
        if group.view is None:
            self._unbounded.leave(group)
            return
        viewed = self._viewed[group.view]
        viewed.matcher.leave(group)
        if not len(viewed.matcher):
            del self._viewed[group.view]
            self._by_sight.discard(viewed, viewed.view)

    def match(self, entries: Sequence[Entry]) -> Matched:
        """Return what each group is to be written of the entries."""
        matched: Matched = {}
        for entry in entries:
            for group in self._unbounded.match(entry):
                matched.setdefault(group, []).append(entry)
        if self._viewed:
            self._match_views(entries, matched)
        return matched

    def shown(self, group: Group) -> Callable[[Entry], Entry | None]:
        """Return what tells what a group's reader is to be written of one entry, None for nothing."""
        view, interest = group.view, group.interest
        if view is None:
            return lambda entry: entry if interested(interest, entry, Rows(entry)) else None

        def seen_and_wanted(entry: Entry) -> Entry | None:
            seen = self.vision.see(view, Glance(entry))
            return seen if seen is not None and interested(interest, seen, Rows(seen)) else None

        return seen_and_wanted

    def _match_views(self, entries: Sequence[Entry], matched: Matched) -> None:
        for entry in entries:
            glance = Glance(entry)
            for viewed in self._by_sight.candidates(glance):
                seen = self.vision.see(viewed.view, glance)
                if seen is not None:
                    for group in viewed.matcher.match(seen):
                        matched.setdefault(group, []).append(seen)
