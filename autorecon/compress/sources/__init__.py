"""Where the images of a method come from: a generator, pictures of their own, or nowhere."""

from autorecon.compress.sources.base import Learner, Source
from autorecon.compress.sources.generated import Generated
from autorecon.compress.sources.nothing import Nothing

__all__ = ["Generated", "Learner", "Nothing", "Source"]
