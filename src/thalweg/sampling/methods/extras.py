"""BlackJAX, whose kernels several methods wrap; imported when first one is used."""

from typing import Any

from thalweg.core.errors import InputError


def import_blackjax(method: str) -> Any:
    """BlackJAX.

    Arguments:
        method: the name of the method that needs it.

    Raises:
        InputError: it is not installed.
    """
    try:
        import blackjax
    except ModuleNotFoundError as error:
        raise InputError(
            f"{method} needs BlackJAX, which is not installed: pip install 'thalweg[sampling]'."
        ) from error
    return blackjax
