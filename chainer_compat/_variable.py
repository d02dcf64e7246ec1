"""`Variable` and `Parameter`: Chainer's face of a torch tensor.

The operators are put on by :mod:`chainer_compat.functions._arithmetic`; import the classes from
:mod:`chainer_compat.variable`, which sees to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import torch

from chainer_compat import _backprop, flag
from chainer_compat._graph import VariableNode, label_of
from chainer_compat.backend import Device, get_device, get_device_from_array
from chainer_compat.backends import _crossing, cuda
from chainer_compat.configuration import _this_thread
from chainer_compat.errors import InvalidArgumentTypeError

if TYPE_CHECKING:
    from chainer_compat.function_node import FunctionNode

__all__ = ["Variable", "as_array", "as_variable", "is_raw_array", "make_result"]


def is_raw_array(value: Any) -> bool:
    """Whether a value is an array that goes into functions: of NumPy, CuPy or torch.

    Args:
        value: Anything.
    """
    return isinstance(value, (np.ndarray, torch.Tensor)) or (
        hasattr(value, "__cuda_array_interface__") and hasattr(value, "__dlpack__")
    )


def _check_is_array(value: Any, what: str) -> None:
    if not is_raw_array(value):
        raise InvalidArgumentTypeError(
            f"{what} must be an array of NumPy, CuPy or torch; got {type(value)}"
        )


class Variable:
    """An array that knows by which functions it was made, so that it can be differentiated by.

    It is a thin face over a torch tensor (:attr:`tensor`). :attr:`array` is the raw array over the
    same memory: what is written into one is seen in the other.

    Args:
        data: An array of NumPy, CuPy or torch, of any shape and dtype, taken without a copy;
            None for a variable that gets its array later.
        *version_1: ``volatile``, ``name`` and ``grad``, which Chainer 1 took by position.
        name: A name, shown by ``repr``.
        grad: The gradient, an array of the same shape and dtype.
        requires_grad: Whether backward passes should give it a gradient.
        volatile: Chainer 1's switch: ``"on"`` keeps functions of it from building a graph (a
            :class:`~chainer_compat.flag.Flag`, or what makes one).

    Raises:
        TypeError: If ``data`` is no array.
        ValueError: If ``volatile`` is no flag.

    Source: Chainer's reference, *chainer.Variable*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.array([1, 2, 3], np.float32))
        >>> y = (x ** 2).mean()
        >>> y.backward()
        >>> x.grad
        array([0.6666667, 1.3333334, 2.       ], dtype=float32)
    """

    # Above NumPy's and CuPy's, so that `array * variable` is a Variable.
    __array_priority__ = 200
    __hash__ = None  # type: ignore[assignment]  # as in Chainer: == is refused, so is hashing

    # `_tensor` is ready for torch: a result in the graph, a leaf that requires grad, or a
    # constant. While it is None, `_plain` (a tensor outside any graph) or `_array` holds the data.
    _tensor: torch.Tensor | None = None
    _plain: torch.Tensor | None = None
    _array: Any = None
    _node: VariableNode | None = None
    _name: str | None = None
    _requires_grad: bool = True
    _volatile: bool = False
    # Whether torch cannot view the array's memory, so that it must be copied at each use.
    _unshared: bool = False
    # The gradient of what is no leaf of torch's graph.
    _own_grad: torch.Tensor | None = None
    # The gradient's tensor and the raw array that was handed out for it.
    _grad_cache: tuple[torch.Tensor, Any] | None = None
    # By what the backward pass scaled a leaf's gradient, until an optimizer takes it out.
    _loss_scale: float | None = None

    def __init__(self, data: Any = None, *version_1: Any, **kwargs: Any) -> None:
        if version_1:
            from chainer_compat import _version1

            _version1.name(kwargs, version_1, "volatile", "name", "grad")
        name = kwargs.pop("name", None)
        grad = kwargs.pop("grad", None)
        requires_grad = kwargs.pop("requires_grad", True)
        volatile = kwargs.pop("volatile", None)
        if kwargs:
            raise TypeError(f"Variable() got an unexpected keyword argument {next(iter(kwargs))!r}")
        if data is not None:
            _check_is_array(data, "the data of a Variable")
            self._take(data)
        if name is not None:
            self._name = name
        if not requires_grad:
            self._requires_grad = False
        if volatile is not None:
            self._set_volatile(volatile)
        if grad is not None:
            self.grad = grad

    def _take(self, data: Any) -> None:
        if isinstance(data, torch.Tensor):
            if data.requires_grad:
                self._tensor = data
            else:
                self._plain = data
            return
        self._array = data
        if isinstance(data, np.ndarray) and not _crossing.shares_memory(data):
            self._unshared = True

    def _set_volatile(self, volatile: Any) -> None:
        if flag.Flag(volatile) is flag.ON:
            self._volatile = True
            self._requires_grad = False
            type(_this_thread.mode).volatile_in_use = True

    # -- the tensor and the array -------------------------------------------------------------

    @property
    def tensor(self) -> torch.Tensor:
        """The torch tensor under it, in its graph.

        Raises:
            AttributeError: If it has no array yet.
        """
        tensor = self._tensor
        return self._materialize() if tensor is None else tensor

    def _materialize(self) -> torch.Tensor:
        plain = self._plain
        keeps = _this_thread.mode.enable_backprop
        if plain is None or self._unshared:
            plain = self._take_up(plain)
        elif not keeps:
            return plain  # what functions without backprop make and take
        if not (self._requires_grad and plain.is_floating_point()):
            if not self._unshared:
                self._tensor = plain
            return plain
        if plain.requires_grad or not keeps:
            return plain
        # A leaf of its own: the tensor that came in may be the user's.
        leaf = plain.detach().requires_grad_()
        if self._own_grad is not None:
            self._hand_over_grad(leaf)
        if self._unshared:
            self._plain = leaf
        else:
            self._tensor, self._plain = leaf, None
        if self._node is not None:
            self._node.attach(leaf)
        return leaf

    def _hand_over_grad(self, leaf: torch.Tensor) -> None:
        """Gives torch the gradient; not that of an array of other dtype, shape or device before."""
        grad, self._own_grad = self._own_grad, None
        fits = grad is not None and (
            grad.dtype is leaf.dtype and grad.shape == leaf.shape and grad.device == leaf.device
        )
        if not fits:
            self._grad_cache = None
            return
        leaf.grad = grad
        if self._grad_cache is not None:
            _backprop.grad_was_exposed(self)

    def _take_up(self, plain: torch.Tensor | None) -> torch.Tensor:
        """The array as a tensor, which is the one that there is already if it is a copy."""
        if self._array is None:
            raise AttributeError(f"{self!r} has no array yet")
        fresh = _crossing.as_tensor(self._array)
        if plain is None:
            plain = fresh
        else:
            plain.data.copy_(fresh)  # past the version counter, as the array is
        self._plain = plain
        return plain

    def _data_tensor(self) -> torch.Tensor | None:
        """The data as a tensor of any state; None without data."""
        if self._tensor is not None:
            return self._tensor
        if self._plain is not None and not self._unshared:
            return self._plain
        return None if self._array is None else _crossing.as_tensor(self._array)

    @property
    def array(self) -> Any:
        """The raw array, over the tensor's memory: of NumPy on the CPU, of CuPy on a GPU.

        Setting it keeps the variable's place in the graph.
        """
        array = self._array
        if array is None:
            tensor = self._tensor if self._tensor is not None else self._plain
            if tensor is None:
                return None
            array = self._array = _crossing.as_raw(tensor)
        return array

    @array.setter
    def array(self, array: Any) -> None:
        self._set_array(array)

    def _set_array(self, array: Any) -> None:
        if array is None:
            self._tensor = self._plain = self._array = None
            return
        _check_is_array(array, "the array of a Variable")
        old = self._tensor
        self._plain = self._array = None
        self._unshared = False
        self._take(array.detach() if isinstance(array, torch.Tensor) else array)
        if old is None:
            return
        taken: torch.Tensor | None = self.__dict__.get("_plain")
        fresh = _crossing.as_tensor(array) if taken is None else taken
        if old.dtype == fresh.dtype and old.device == fresh.device and not self._unshared:
            # The tensor object stays, and with it its place in torch's graph and its gradient.
            old.data = fresh
            self._plain = None
            if self._node is not None:
                self._node.tensor_shape = old.shape
        else:
            self._tensor = None
            if old.grad is not None and old.is_leaf:
                self._own_grad = None

    data = array

    @property
    def raw_array(self) -> Any:
        """The raw array, whatever its memory layout."""
        return self.array

    @property
    def chx_array(self) -> NoReturn:
        """ChainerX's array, which it never has.

        Raises:
            ValueError: Always.
        """
        raise ValueError("chx_array is not available: ChainerX is not supported; use `array`")

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        tensor = self._tensor
        return tuple(tensor.shape) if tensor is not None else self._shape_of_data()

    def _shape_of_data(self) -> tuple[int, ...]:
        data = self._plain if self._array is None else self._array
        return tuple(data.shape)  # type: ignore[union-attr]  # no data: AttributeError, as Chainer

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        tensor = self._tensor
        return tensor.dim() if tensor is not None else len(self._shape_of_data())

    @property
    def size(self) -> int:
        """The number of elements."""
        tensor = self._tensor
        return tensor.numel() if tensor is not None else int(np.prod(self.shape, dtype=np.int64))

    @property
    def dtype(self) -> Any:
        """The array's dtype, as NumPy's."""
        tensor = self._tensor if self._tensor is not None else self._plain
        if tensor is not None:
            return _crossing.numpy_dtype(tensor.dtype)
        return self._array.dtype

    @property
    def device(self) -> Device:
        """The device on which the array lives."""
        tensor = self._data_tensor()
        return get_device(-1) if tensor is None else get_device_from_array(tensor)

    @property
    def xp(self) -> Any:
        """The module of the array: NumPy or CuPy."""
        return self.device.xp

    @property
    def is_initialized(self) -> bool:
        """Whether it has an array, as a parameter says it: a link's weights may be computed."""
        return self._data_tensor() is not None

    @property
    def layout(self) -> None:
        """The memory layout: always the standard one."""
        return None

    def as_layout(self, layout: Any) -> Variable:
        """Returns the variable itself for the standard layout, the only one.

        Args:
            layout: None.

        Raises:
            NotImplementedError: For another layout.
        """
        if layout is not None:
            from chainer_compat.errors import NotSupportedError

            raise NotSupportedError(
                f"as_layout({layout!r}): only the standard layout (None) is supported; torch "
                "chooses the layout of its kernels by itself"
            )
        return self

    # -- the graph ----------------------------------------------------------------------------

    @property
    def node(self) -> VariableNode:
        """Its place in the graph."""
        node = self._node
        if node is None:
            tensor = None if self._data_tensor() is None else self.tensor
            node = VariableNode(self, tensor, self._requires_grad, self._name)
            self._node = node
        return node

    @property
    def creator(self) -> Any:
        """The function that made it; None for what no function made."""
        return None if self._node is None else self._node.creator

    @creator.setter
    def creator(self, creator: Any) -> None:
        self.set_creator(creator)

    @property
    def creator_node(self) -> FunctionNode | None:
        """The function node that made it; None for what no function made."""
        return None if self._node is None else self._node.creator_node

    @creator_node.setter
    def creator_node(self, creator_node: FunctionNode) -> None:
        self.set_creator_node(creator_node)

    def set_creator(self, gen_func: Any) -> None:
        """Notes the function that made it.

        Args:
            gen_func: A function, old-style or new.
        """
        self.node.set_creator(gen_func)

    def set_creator_node(self, fnode: FunctionNode) -> None:
        """Notes the function node that made it.

        Args:
            fnode: The function node.
        """
        self.node.set_creator_node(fnode)

    @property
    def rank(self) -> int:
        """The number of functions on the longest way to it."""
        return 0 if self._node is None else self._node.rank

    @property
    def requires_grad(self) -> bool:
        """Whether backward passes give it a gradient."""
        return self._requires_grad

    @property
    def volatile(self) -> flag.Flag:
        """Chainer 1's switch: ``chainer.ON`` for a variable out of which no graph is built."""
        return flag.ON if self._volatile else flag.OFF

    @property
    def name(self) -> str | None:
        """Its name."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name
        if self._node is not None:
            self._node.name = name

    @property
    def label(self) -> str:
        """How a graph shows it, ``"(2, 3), float32"``."""
        return label_of(self.shape, self.dtype)

    def _build_graph(self, **styles: Any) -> Any:
        """The graph behind it, for extensions, which do not know this floor."""
        from chainer_compat.computational_graph import build_computational_graph

        return build_computational_graph([self], **styles)

    def retain_data(self) -> None:
        """Keeps the array in the graph for when the variable is gone."""
        self.node.retain_data()

    def unchain(self) -> None:
        """Cuts it from the function that made it: it becomes a leaf."""
        old = self._node
        tensor = self._tensor
        if old is None and (tensor is None or tensor.is_leaf):
            return
        if old is not None:
            if old._grad_fn is None and old.creator_node is None:
                return
            old.cut()
            # Functions downstream keep the old node; what comes from now on starts at a new leaf.
            self._node = None
        if tensor is not None and tensor.grad_fn is not None:
            self._plain = tensor.detach()
            self._tensor = None

    def unchain_backward(self) -> None:
        """Cuts the graph behind it, at every variable that is still alive."""
        _backprop.unchain_backward(self)

    def backward(
        self,
        retain_grad: bool = False,
        enable_double_backprop: bool = False,
        loss_scale: float | None = None,
    ) -> None:
        """Gives every leaf that it depends on its gradient, added to what is there.

        It starts from :attr:`grad`; a variable of one element without one starts from 1. The
        graph is kept: another backward pass may go through it, also after an optimizer has changed
        the parameters in place (it then uses the new ones).

        Args:
            retain_grad: Keep the gradients of variables between, too.
            enable_double_backprop: Build a graph of the gradients, to differentiate them.
            loss_scale: A factor of the first gradient, against underflow in float16.

        Raises:
            TypeError: If there is more than one element and no gradient to start from.
        """
        _backprop.backward_from(self, retain_grad, enable_double_backprop, loss_scale)

    # -- the gradient -------------------------------------------------------------------------

    def _grad_tensor(self) -> torch.Tensor | None:
        tensor = self._tensor
        if tensor is None and self._unshared:
            tensor = self._plain
        if tensor is not None and tensor.requires_grad and tensor.is_leaf:
            return tensor.grad
        return self._own_grad

    def _set_grad_tensor(self, grad: torch.Tensor | None) -> None:
        tensor = self._tensor
        if tensor is None and self._unshared:
            tensor = self._plain
        if tensor is not None and tensor.requires_grad and tensor.is_leaf:
            tensor.grad = grad
        else:
            self._own_grad = grad

    @property
    def grad(self) -> Any:
        """The gradient as a raw array over its tensor's memory; None without one."""
        grad = self._grad_tensor()
        if grad is None:
            return None
        cache = self._grad_cache
        if cache is not None and cache[0] is grad:
            return cache[1]
        raw = _crossing.as_raw(grad)
        self._grad_cache = (grad, raw)
        _backprop.grad_was_exposed(self)
        return raw

    @grad.setter
    def grad(self, grad: Any) -> None:
        if grad is None:
            self._grad_cache = None
            self._set_grad_tensor(None)
            return
        tensor = self._check_grad(grad)
        self._grad_cache = (tensor, _crossing.as_raw(tensor) if grad is tensor else grad)
        own = self._tensor
        if own is None or own.is_leaf:
            self._set_grad_tensor(tensor)
            _backprop.grad_was_exposed(self)
        else:
            self._own_grad = tensor  # torch adds to the gradients of leaves only

    def _check_grad(self, grad: Any) -> torch.Tensor:
        if isinstance(grad, Variable) or not is_raw_array(grad):
            raise TypeError(
                f"the gradient must be an array of NumPy, CuPy or torch; got {type(grad)}"
            )
        tensor = _crossing.as_tensor(grad)
        data = self._data_tensor()
        if data is None:
            return tensor
        if data.device != tensor.device:
            raise TypeError(f"the gradient is on {tensor.device}, the data on {data.device}")
        if data.dtype != tensor.dtype:
            raise TypeError(f"the gradient's dtype is {tensor.dtype}, the data's {data.dtype}")
        if data.shape != tensor.shape:
            raise ValueError(
                f"the gradient's shape is {tuple(tensor.shape)}, the data's {tuple(data.shape)}"
            )
        return tensor

    @property
    def grad_var(self) -> Variable | None:
        """The gradient as a variable; None without one."""
        grad = self._grad_tensor()
        if grad is None:
            return None
        if not grad.requires_grad:
            return as_variable(grad, True)
        from chainer_compat._torch_graph import as_gradient

        return as_gradient(grad, [self.node])

    @grad_var.setter
    def grad_var(self, grad_var: Variable | None) -> None:
        if grad_var is None:
            self.grad = None
            return
        self._check_grad(grad_var.tensor)
        self._set_grad_tensor(grad_var.tensor)

    def cleargrad(self) -> None:
        """Forgets the gradient."""
        self._grad_cache = None
        self._set_grad_tensor(None)

    def zerograd(self) -> None:
        """Sets the gradient to zeros (superseded by :meth:`cleargrad`)."""
        self._grad_cache = None
        self._set_grad_tensor(torch.zeros_like(self.tensor, requires_grad=False))

    def addgrad(self, var: Variable) -> None:
        """Adds the gradient of another variable to its own.

        Args:
            var: The other variable; nothing happens if it has no gradient.
        """
        other = var._grad_tensor()
        if other is None:
            return
        data = self._data_tensor()
        if data is not None and other.device != data.device:
            other = other.to(data.device)
        own = self._grad_tensor()
        self._grad_cache = None
        self._set_grad_tensor(other.clone() if own is None else own + other)

    def copydata(self, var: Variable) -> None:
        """Copies the data of another variable into its own array.

        Args:
            var: The other variable, on any device.
        """
        source = var._data_tensor()
        target = self._data_tensor()
        if source is None:
            if target is None:
                return
            raise RuntimeError("cannot copy the data of an uninitialized variable")
        if target is None:
            self.array = _crossing.as_raw(source.detach().clone())
        elif self._unshared:
            np.copyto(self._array, source.detach().cpu().numpy())
        else:
            target.data.copy_(source.detach())

    # -- devices ------------------------------------------------------------------------------

    def to_cpu(self) -> None:
        """Moves the array and the gradient to the CPU."""
        self.to_device("@numpy")

    def to_gpu(self, device: Any = None) -> None:
        """Moves the array and the gradient to a GPU.

        Args:
            device: The GPU; the current one if None.
        """
        cuda.check_cuda_available()
        self.to_device(torch.cuda.current_device() if device is None else device)

    def to_intel64(self) -> None:
        """Raises: iDeep is gone.

        Raises:
            RuntimeError: Always.
        """
        self.to_device("@intel64")

    def to_chx(self) -> NoReturn:
        """Raises: there are no ChainerX arrays here.

        Raises:
            RuntimeError: Always.
        """
        from chainer_compat.backend import to_chx

        to_chx(self.array)

    def from_chx(self) -> None:
        """Does nothing: no array is one of ChainerX."""

    def to_device(self, device: Any) -> None:
        """Moves the array and the gradient to a device; the variable becomes a leaf there.

        Args:
            device: What :func:`chainer_compat.get_device` takes.
        """
        target = get_device(device).torch_device
        data = self._data_tensor()
        if data is None or data.device == target:
            return
        grad = self._grad_tensor()
        self._grad_cache = None
        moved = data.detach().to(target)
        self._array = None
        self._unshared = False
        tensor = self._tensor
        if (
            tensor is not None
            and tensor.is_leaf
            and torch._has_compatible_shallow_copy_type(tensor, moved)  # as nn.Module.to asks
        ):
            # The leaf stays the same object, for optimizers and modules that hold it.
            tensor.grad = None
            tensor.data = moved
        else:
            self._tensor, self._plain, self._node = None, moved, None
        if grad is not None:
            self._set_grad_tensor(grad.detach().to(target))

    # -- what arrays do -----------------------------------------------------------------------

    @property
    def T(self) -> Variable:
        """The variable with its axes reversed."""
        return self.transpose()

    def item(self) -> Any:
        """Returns its one element as a Python number.

        Raises:
            ValueError: If it has more than one element.
        """
        tensor = self.tensor
        if tensor.numel() != 1:
            raise ValueError(
                f"only an array of one element is a Python number; the shape is {self.shape}"
            )
        return tensor.item()

    def mean(self, axis: Any = None, *, weights: Any = None, keepdims: bool = False) -> Variable:
        """Returns the mean over axes, :func:`chainer_compat.functions.average`.

        Args:
            axis: An axis or a tuple of axes; all of them if None.
            weights: Weights of the elements.
            keepdims: Keep the axes, with length 1.
        """
        from chainer_compat import functions

        result: Variable = functions.average(self, axis, weights, keepdims)
        return result

    def reshape(self, *shape: Any) -> Variable:
        """Returns it in another shape, :func:`chainer_compat.functions.reshape`.

        Args:
            *shape: The lengths of the axes, or one tuple of them; one may be -1.
        """
        from chainer_compat import functions

        if len(shape) == 1 and isinstance(shape[0], (list, tuple)):
            shape = tuple(shape[0])
        result: Variable = functions.reshape(self, shape)
        return result

    def transpose(self, *axes: Any) -> Variable:
        """Returns it with its axes permuted, :func:`chainer_compat.functions.transpose`.

        Args:
            *axes: The axes in their new order, or one tuple of them; reversed if not given.
        """
        from chainer_compat import functions

        if not axes or (len(axes) == 1 and axes[0] is None):
            order = None
        elif len(axes) == 1 and isinstance(axes[0], (list, tuple)):
            order = tuple(axes[0])
        else:
            order = axes
        result: Variable = functions.transpose(self, order)
        return result

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise TypeError("len() of a variable without axes")
        return shape[0]

    def __bool__(self) -> NoReturn:
        raise TypeError("a Variable has no truth value; use `array`")

    __nonzero__ = __bool__  # Python 2's name

    def _refuse_comparison(self, other: Any) -> NoReturn:
        raise TypeError("a Variable cannot be compared; compare its `array`")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse_comparison

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        from chainer_compat.functions._boundary import call_torch

        return call_torch(func, args, kwargs or {})

    # -- copies and texts ---------------------------------------------------------------------

    def __copy__(self) -> Variable:
        return self._copy_to(type(self).__new__(type(self)))

    def _copy_to(self, target: Variable) -> Variable:
        """Makes another variable a leaf over the same array and gradient."""
        skipped = ("_tensor", "_plain", "_node", "_grad_cache", "_own_grad")
        target.__dict__.update({k: v for k, v in self.__dict__.items() if k not in skipped})
        data = self._data_tensor()
        if data is not None and not self._unshared:
            target._plain = data.detach()
        grad = self._grad_tensor()
        if grad is not None:
            target._own_grad = grad
            target._grad_cache = self._grad_cache
        return target

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        for name in ("_tensor", "_plain", "_node", "_grad_cache", "_own_grad", "_unshared"):
            state.pop(name, None)
        data, grad = self._data_tensor(), self._grad_tensor()
        state["_array"] = None if data is None else data.detach().cpu().numpy()
        state["_saved_grad"] = None if grad is None else grad.detach().cpu().numpy()
        state["_saved_device"] = str(self.device)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        grad = state.pop("_saved_grad", None)
        device = state.pop("_saved_device", "@numpy")
        self.__dict__.update(state)
        if grad is not None:
            self._own_grad = _crossing.as_tensor(grad)
        if device != "@numpy":
            self.to_device(device)

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        import copy

        fresh = type(self).__new__(type(self))
        memo[id(self)] = fresh
        skipped = ("_tensor", "_plain", "_node", "_grad_cache", "_own_grad", "_unshared", "_array")
        rest = {k: v for k, v in self.__dict__.items() if k not in skipped}
        fresh.__dict__.update(copy.deepcopy(rest, memo))
        data, grad = self._data_tensor(), self._grad_tensor()
        if data is not None:
            fresh._plain = data.detach().clone()
        if grad is not None:
            fresh._own_grad = grad.detach().clone()
        return fresh

    def __repr__(self) -> str:
        return self._text(", ")

    def __str__(self) -> str:
        return self._text(" ")

    def _text(self, separator: str) -> str:
        prefix = f"variable {self._name}" if self._name else "variable"
        data = self._data_tensor()
        if data is None:
            return f"{prefix}(None)"
        array = data.detach().cpu()
        if array.dtype is torch.bfloat16:
            return f"{prefix}({array})"
        plain = array.numpy()
        if plain.size > 0 or plain.shape == (0,):
            body = np.array2string(plain, separator=separator, prefix=f"{prefix}(")
        else:
            body = f"[], shape={plain.shape}"
        return f"{prefix}({body})"

    def summary(self) -> str:
        """Returns a line that tells it apart: its name, or where it is in memory."""
        if self._name:
            return f"<variable {self._name}>"
        return f"<variable at {hex(id(self))}>"

    def debug_print(self) -> str:
        """Returns a few lines about the array and the gradient: device, shape, statistics."""
        lines = [self.summary()]
        data = self._data_tensor()
        if data is None:
            return "\n".join([*lines, "- data: None"])
        place = "CPU" if data.device.type == "cpu" else f"CUDA {data.device.index}"
        lines += [
            f"- device: {place}",
            f"- backend: {type(self.array)}",
            f"- shape: {self.shape}",
            f"- dtype: {self.dtype}",
            f"- statistics: {_statistics(data)}",
        ]
        grad = self._grad_tensor()
        lines.append(f"- grad: {None if grad is None else _statistics(grad)}")
        return "\n".join(lines)


def _statistics(tensor: torch.Tensor) -> str:
    values = tensor.detach().double()
    return f"mean={values.mean().item():.8f}, std={values.std(correction=0).item():.8f}"


def make_result(tensor: torch.Tensor) -> Variable:
    """Returns a variable over a tensor that is in torch's graph, or needs no gradient.

    Args:
        tensor: The tensor.
    """
    variable = Variable.__new__(Variable)
    variable._tensor = tensor
    variable._requires_grad = tensor.requires_grad
    return variable


def as_variable(obj: Any, requires_grad: bool = False) -> Variable:
    """Returns a variable as it is, and an array as a constant variable.

    Args:
        obj: A variable, or an array of NumPy, CuPy or torch.
        requires_grad: Whether a new variable should get gradients.

    Raises:
        TypeError: If it is neither.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> chainer.as_variable(np.zeros(3)).requires_grad
        False
    """
    if isinstance(obj, Variable):
        return obj
    return Variable(obj, requires_grad=requires_grad)


def as_array(obj: Any) -> Any:
    """Returns the raw array of a variable, and anything else as it is.

    Args:
        obj: A variable or an array.
    """
    return obj.array if isinstance(obj, Variable) else obj
