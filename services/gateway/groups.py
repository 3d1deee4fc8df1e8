"""The groups of readers, and which entries each is to be written.

Where nobody's view is bounded the matcher of those who see everything is all there is. Each view that somebody has
holds a matcher of its own, which is asked about what the view sees of an entry: nothing that is not seen decides
anything, not even whether a filter matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from services.gateway.entries import Entry, Rows
from services.gateway.matching import Matcher
from services.gateway.readers import Group
from services.gateway.rights.seeing import Glance, Vision
from services.gateway.rights.views import View
from services.gateway.subscriptions import Interest, interested

Matched = dict[Group, list[Entry]]


class Groups:
    """Groups by view and interest; ``vision`` is what views see by."""

    def __init__(self) -> None:
        self.vision = Vision()
        self._unbounded: Matcher[Group] = Matcher(Group)
        self._viewed: dict[View, Matcher[Group]] = {}

    def __len__(self) -> int:
        return len(self._unbounded) + sum(len(matcher) for matcher in self._viewed.values())

    def __iter__(self) -> Iterator[Group]:
        return chain(self._unbounded, *self._viewed.values())

    def enter(self, interest: Interest, view: View | None) -> Group:
        """Count one more reader with this interest and view, and return its group; *view* None: it sees everything."""
        return self._matcher(view).enter(interest)

    def leave(self, group: Group) -> None:
        """Count one reader less; a group without readers is forgotten, and so is a view."""
        matcher = self._matcher(group.view)
        matcher.leave(group)
        if group.view is not None and not len(matcher):
            del self._viewed[group.view]

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
            for view, matcher in self._viewed.items():
                seen = self.vision.see(view, glance)
                if seen is not None:
                    for group in matcher.match(seen):
                        matched.setdefault(group, []).append(seen)

    def _matcher(self, view: View | None) -> Matcher[Group]:
        if view is None:
            return self._unbounded
        if view not in self._viewed:
            self._viewed[view] = Matcher(lambda interest: Group(interest, view))
        return self._viewed[view]
