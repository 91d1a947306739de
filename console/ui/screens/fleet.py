"""Fleet: the containers of all hosts; hosts, images, networks and volumes as further lists."""

from __future__ import annotations

from typing import ClassVar

from console.fleet.model import Container, Host, Image, Network, Volume
from console.ui.columns import fleet
from console.ui.panes import ListPane
from console.ui.screens.lists import Listing, ListsScreen


class FleetScreen(ListsScreen):
    TITLE_OF_MODE: ClassVar[str] = "Fleet"

    def listings(self) -> list[Listing]:
        return [
            Listing("containers", self._containers, "docker"),
            Listing("hosts", self._hosts, "docker"),
            Listing("images", self._images, "docker"),
            Listing("networks", self._networks, "docker"),
            Listing("volumes", self._volumes, "docker"),
        ]

    def _containers(self) -> ListPane[Container]:
        columns = fleet.containers(ascii=self.deck.ascii)
        return ListPane(columns, now=self.deck.clock.now, kind=Container, rank=fleet.container_rank,
                        fields=fleet.container_fields, empty="No containers.")  # fmt: skip

    def _hosts(self) -> ListPane[Host]:
        columns = fleet.hosts()
        return ListPane(columns, now=self.deck.clock.now, kind=Host, rank=lambda h: h.name, empty="No hosts.")

    def _images(self) -> ListPane[Image]:
        columns = fleet.images()
        return ListPane(
            columns, now=self.deck.clock.now, kind=Image, rank=lambda i: (i.tags or ("~",), i.id), empty="No images."
        )

    def _networks(self) -> ListPane[Network]:
        columns = fleet.networks()
        return ListPane(
            columns, now=self.deck.clock.now, kind=Network, rank=lambda n: (n.name, n.host), empty="No networks."
        )

    def _volumes(self) -> ListPane[Volume]:
        columns = fleet.volumes()
        return ListPane(
            columns, now=self.deck.clock.now, kind=Volume, rank=lambda v: (v.name, v.host), empty="No volumes."
        )
