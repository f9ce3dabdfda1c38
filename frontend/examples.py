"""Animals to start from: one of each species, and one that is none of them."""

from frontend.api.contract import Animal
from menagerie import animal

EXAMPLES: dict[str, Animal] = {
    species.value: Animal(**example.model_dump()) for species, example in animal.EXAMPLES.items()
}
