"""Weights of spectral norm one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat.backend import copyto
from chainer_compat.backends import _crossing
from chainer_compat.configuration import config
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.link_hooks._weight import WeightHook
from chainer_compat.variable import Parameter, Variable

__all__ = [
    "SpectralNormalization",
    "calculate_max_singular_value",
    "l2normalize",
    "update_approximate_vectors",
]


def l2normalize(xp: Any, v: Any, eps: float) -> Any:
    """Returns a vector divided by its length.

    Args:
        xp: The vector's array module.
        v: The vector.
        eps: What is added to the length.
    """
    return v / (xp.linalg.norm(v) + eps)


def update_approximate_vectors(
    weight_matrix: Variable, u: Any, n_power_iteration: int, eps: float
) -> tuple[Any, Any]:
    """Improves the first singular vectors of a matrix by power iteration.

    Args:
        weight_matrix: The matrix.
        u: The left vector so far.
        n_power_iteration: How often.
        eps: What is added to lengths.

    Returns:
        The left and the right vector, arrays of the same library as ``u``.
    """
    with torch.no_grad():
        matrix = weight_matrix.tensor
        left = _crossing.as_tensor(u)
        right = l2normalize(torch, left @ matrix, eps)
        for i in range(n_power_iteration):
            if i:
                right = l2normalize(torch, left @ matrix, eps)
            left = l2normalize(torch, matrix @ right, eps)
    if isinstance(u, torch.Tensor):
        return left, right
    return _crossing.as_raw(left), _crossing.as_raw(right)


def calculate_max_singular_value(weight_matrix: Variable, u: Any, v: Any) -> Any:
    """Returns the largest singular value of a matrix, given the vectors that belong to it.

    Args:
        weight_matrix: The matrix.
        u: The left vector.
        v: The right vector.
    """
    from chainer_compat.functions import matmul

    return matmul(matmul(u, weight_matrix), v)


class SpectralNormalization(WeightHook):
    """Divides a link's weight by its largest singular value in each call.

    For ``Linear``, ``EmbedID``, convolutions and deconvolutions of any kind, and other links by
    ``weight_name``. Add it before ``optimizer.setup`` if it has ``use_gamma``.

    Source: Miyato et al., *Spectral normalization for generative adversarial networks*
    (https://arxiv.org/abs/1802.05957).

    Args:
        n_power_iteration: How often the approximation of the singular value is improved in a
            call.
        eps: What is added to lengths.
        use_gamma: Whether to multiply by a parameter ``gamma``, which starts as the largest
            singular value of the initial weight.
        factor: By what to divide the singular value; None for 1.
        weight_name: The weight's name.
        name: The hook's name; ``'SpectralNormalization'`` if None.

    Attributes:
        vector_name: The name of the left singular vector, which the link keeps and saves.
        axis: The axis of the outputs.

    Raises:
        ValueError: When added to a link without that weight.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Scale(chainer.Link):
        ...     def __init__(self):
        ...         super().__init__()
        ...         with self.init_scope():
        ...             self.W = chainer.Parameter(np.diag([3.0, 1.0]))
        ...     def forward(self, x):
        ...         return x @ self.W
        >>> hook = chainer.link_hooks.SpectralNormalization(n_power_iteration=20)
        >>> link = Scale().add_hook(hook)
        >>> link(chainer.Variable(np.eye(2))).array.round(3)
        array([[1.   , 0.   ],
               [0.   , 0.333]])
    """

    name = "SpectralNormalization"

    def __init__(
        self,
        n_power_iteration: int = 1,
        eps: float = 1e-6,
        use_gamma: bool = False,
        factor: float | None = None,
        weight_name: str = "W",
        name: str | None = None,
    ) -> None:
        if n_power_iteration < 1:
            raise InvalidArgumentError(f"n_power_iteration is 1 or more; got {n_power_iteration}")
        super().__init__(weight_name, name)
        self.n_power_iteration = n_power_iteration
        self.eps = eps
        self.use_gamma = use_gamma
        self.factor = factor
        self.vector_name = f"{weight_name}_u"
        self.axis = 0
        self.v: Any = None
        self._initialized = False

    def added(self, link: Any) -> None:
        """Gives the link the vector, and ``gamma``; later, if the weight has no shape yet.

        Args:
            link: The link.
        """
        weight = self._weight(link)
        # By name, so that the hook does not load all links.
        kinds = {kind.__name__ for kind in type(link).__mro__}
        if kinds & {"Deconvolution2D", "DeconvolutionND"}:
            self.axis = 1
        if weight.is_initialized:
            self._prepare(link)

    def deleted(self, link: Any) -> None:
        """Takes the vector, and ``gamma``, from the link.

        Args:
            link: The link.
        """
        delattr(link, self.vector_name)
        if self.use_gamma:
            del link.gamma

    def _initialize(self, link: Any, inputs: tuple[Any, ...]) -> None:
        if not self._initialized:
            super()._initialize(link, inputs)
            self._prepare(link)

    def _prepare(self, link: Any) -> None:
        weight = self._weight(link)
        size = weight.shape[self.axis]
        if size == 0:
            raise InvalidArgumentError(
                f"the weight {self.weight_name} of shape {weight.shape} has no outputs"
            )
        drawn = np.random.normal(size=(size,))  # noqa: NPY002 (Chainer's stream)
        setattr(link, self.vector_name, link.device.send(drawn.astype(weight.dtype)))
        link.register_persistent(self.vector_name)
        if self.use_gamma:
            with torch.no_grad():
                matrix = self.reshape_W(Variable(weight.tensor.detach())).tensor
                largest = torch.linalg.svdvals(matrix)[0]
            with link.init_scope():
                link.gamma = Parameter(largest.detach().cpu().numpy())
            link.gamma.to_device(link.device)
        self._initialized = True

    def computed(self, link: Any, weight: Any) -> Any:
        """Returns the weight divided by its largest singular value.

        Args:
            link: The link.
            weight: Its parameter.
        """
        return self.normalize_weight(link)

    def normalize_weight(self, link: Any) -> Any:
        """Returns the weight divided by its largest singular value.

        Args:
            link: The link.
        """
        weight = self._weight(link)
        u = getattr(link, self.vector_name)
        matrix = self.reshape_W(weight)
        if not config.in_recomputing:
            left, self.v = update_approximate_vectors(matrix, u, self.n_power_iteration, self.eps)
        else:
            left = u  # the vectors of the first time, for the same result
        sigma = calculate_max_singular_value(matrix, left, self.v)
        if self.factor is not None:
            sigma = sigma / self.factor
        normalized = link.gamma * weight / sigma if self.use_gamma else weight / sigma
        if config.train and not config.in_recomputing:
            copyto(u, left)
        return normalized

    def reshape_W(self, W: Any) -> Any:
        """Returns a weight as a matrix, with the outputs along the first axis.

        Args:
            W: The weight.
        """
        if self.axis != 0:
            W = W.transpose([self.axis, *(i for i in range(W.ndim) if i != self.axis)])
        return W if W.ndim == 2 else W.reshape(W.shape[0], -1)
