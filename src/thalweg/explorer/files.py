"""A page that can be kept as a file, shown in a frame, or served."""

from abc import ABC, abstractmethod
from html import escape
from pathlib import Path

from thalweg.core.files import write_atomically

# In a notebook: the page with a run and its panels, before it scrolls.
_HEIGHT = 760


class PageFile(ABC):
    """A page as one HTML file (abstract).

    For developers: implement `title`, `slower` and `to_html`.
    """

    @property
    @abstractmethod
    def title(self) -> str:
        """Subject of the page, in a word or two."""

    @property
    @abstractmethod
    def slower(self) -> str:
        """Reason why Python has to compute what the page shows, or empty."""

    @abstractmethod
    def to_html(self, served: str | None = None) -> str:
        """The page as one HTML file that asks no network.

        Arguments:
            served: the token by which the page may ask the Python that serves it.
        """

    def save(self, path: str | Path) -> Path:
        """Write the page to a file.

        Raises:
            InputError: the page cannot be a file.
            StoreError: the file cannot be written.
        """
        return write_atomically(path, self.to_html())

    def to_frame(self, height: int = _HEIGHT) -> str:
        """The page inside a frame without rights, as a piece of HTML."""
        name = escape(f"Explorer of {self.title}", quote=True)
        return (
            f'<iframe title="{name}" sandbox="allow-scripts allow-downloads" '
            f'style="width:100%;height:{int(height)}px;border:0" loading="lazy" '
            f'srcdoc="{escape(self.to_html(), quote=True)}"></iframe>'
        )
