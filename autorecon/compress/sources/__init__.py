"""Where the images of a method come from: a generator, a bank of what one made, pictures of their
own, noise, or nowhere.

In come a view of the teacher and the settings, out come batches: images, what they were to show,
and what the teacher makes of them.
"""

from autorecon.compress.sources.base import Learner, Source
from autorecon.compress.sources.generated import Generated
from autorecon.compress.sources.inverted import Inverted
from autorecon.compress.sources.noise import Noise
from autorecon.compress.sources.nothing import Nothing
from autorecon.compress.sources.pictures import Pictures
from autorecon.compress.sources.polished import polished
from autorecon.compress.sources.recorded import Recorded, Repeated

__all__ = [
    "Generated",
    "Inverted",
    "Learner",
    "Noise",
    "Nothing",
    "Pictures",
    "Recorded",
    "Repeated",
    "Source",
    "polished",
]
