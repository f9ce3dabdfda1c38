"""Animals to start from: one of each species, and one that is none of them. Zoology, not the data service's ranges."""

from frontend.api.contract import Animal

EXAMPLES: dict[str, Animal] = {
    "kangaroo": Animal(walks_on_n_legs=2, height=1.75, weight=62.0, has_wings=False, has_tail=True),
    "elephant": Animal(walks_on_n_legs=4, height=3.1, weight=5200.0, has_wings=False, has_tail=True),
    "chicken": Animal(walks_on_n_legs=2, height=0.4, weight=2.4, has_wings=True, has_tail=True),
    "dog": Animal(walks_on_n_legs=4, height=0.55, weight=24.0, has_wings=False, has_tail=True),
    "unknown": Animal(walks_on_n_legs=5, height=6.2, weight=340.0, has_wings=True, has_tail=False),
}
