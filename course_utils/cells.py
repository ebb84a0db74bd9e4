"""The three recurrent cells in NumPy, each with its equation, and with weights from Keras.

A step takes one time step of a whole batch: x, shape (batch, features), and states, shape
(batch, units). `unroll` takes the steps one after the other. Everything is computed in float64.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def sigmoid(values: NDArray) -> NDArray:
    """Squeeze values into 0..1; written with tanh, because exp overflows."""
    return 0.5 * (1 + np.tanh(values / 2))


ACTIVATIONS: dict[str, Callable[[NDArray], NDArray]] = {
    "tanh": np.tanh,
    "relu": lambda values: np.maximum(values, 0),
    "linear": lambda values: values,
}

SLOPES: dict[str, Callable[[NDArray], NDArray]] = {
    "tanh": lambda states: 1 - states**2,
    "relu": lambda states: (states > 0).astype(float),
    "linear": np.ones_like,
}
"""the slope of each activation, computed from what came out of it"""


@dataclass(frozen=True)
class Part:
    """The weights of one gate, of a candidate, or of a whole simple RNN."""

    kernel: NDArray
    """weighs the input, shape (features, units)"""
    recurrent_kernel: NDArray
    """weighs the state of the previous step, shape (units, units)"""
    bias: NDArray
    """shape (units,)"""

    def __post_init__(self) -> None:
        """Take lists of numbers, too."""
        for name, values in vars(self).items():
            object.__setattr__(self, name, np.asarray(values, float))


@dataclass(frozen=True)
class RNNWeights:
    """The weights of a simple RNN, and the name of its activation."""

    state: Part
    activation: str = "tanh"


@dataclass(frozen=True)
class LSTMWeights:
    """The weights of an LSTM in Keras' order: i, f, c, o."""

    input: Part
    forget: Part
    candidate: Part
    output: Part


@dataclass(frozen=True)
class GRUWeights:
    """The weights of a GRU in Keras' order: z, r, h."""

    update: Part
    reset: Part
    candidate: Part
    recurrent_bias: NDArray | None = None
    """second bias of the candidate, shape (units,), if the reset gate acts after the matrix
    product (`reset_after=True`, Keras' default); None if it acts before"""


Weights = RNNWeights | LSTMWeights | GRUWeights


@dataclass(frozen=True)
class LSTMGates:
    """What an LSTM's gates let through (0..1) and its candidate (-1..1), each shaped as a state."""

    input: NDArray
    forget: NDArray
    candidate: NDArray
    output: NDArray


@dataclass(frozen=True)
class GRUGates:
    """What a GRU's gates let through (0..1) and its candidate (-1..1), each shaped as a state."""

    update: NDArray
    reset: NDArray
    candidate: NDArray


@dataclass(frozen=True)
class Unrolled:
    """Everything a cell computed on its way through the time steps."""

    hidden_states: NDArray
    """shape (batch, time_steps, units); the last step is `hidden_states[:, -1]`"""
    cell_states: NDArray | None = None
    """the same shape for an LSTM, None for other cells"""
    gates: LSTMGates | GRUGates | None = None
    """each of shape (batch, time_steps, units); None for a simple RNN"""


def weighted_sum(x: NDArray, hidden_state: NDArray, part: Part) -> NDArray:
    """Weigh the input and the state, and add them up: x W + h U + b.

    Args:
        x: shape (batch, features).
        hidden_state: shape (batch, units).
        part: the weights W (kernel), U (recurrent_kernel) and b (bias).

    Returns:
        shape (batch, units).
    """
    return x @ part.kernel + hidden_state @ part.recurrent_kernel + part.bias


def rnn_step(x: ArrayLike, hidden_state: ArrayLike, weights: RNNWeights) -> NDArray:
    """Take one step of a simple RNN (Elman 1990): h_t = tanh(x_t W + h_{t-1} U + b).

    Args:
        x: shape (batch, features).
        hidden_state: h_{t-1}, shape (batch, units).
        weights: the cell's weights, and the name of an activation that may replace tanh.

    Returns:
        h_t, shape (batch, units).

    Raises:
        ValueError: a shape does not fit the weights, or a value is missing.
    """
    x, h = _checked(weights.state, x=x, hidden_state=hidden_state)
    return ACTIVATIONS[weights.activation](weighted_sum(x, h, weights.state))


def rnn_backward(
    inputs: ArrayLike, weights: RNNWeights, gradients: ArrayLike
) -> tuple[Part, NDArray]:
    """Go backwards through a simple RNN that starts from zeros (Werbos 1990).

    With a_t = x_t W + h_{t-1} U + b and h_t = tanh(a_t), the gradient of the loss with respect to
    a_t is d_t = (g_t + d_{t+1} U^T) tanh'(a_t), where g_t is what reaches h_t from the loss
    directly. Then dW = sum of x_t^T d_t, dU = sum of h_{t-1}^T d_t, db = sum of d_t.

    Args:
        inputs: shape (batch, time_steps, features).
        weights: the cell's weights, and the name of its activation.
        gradients: g_t of every step, shape (batch, time_steps, units); zeros where the loss does
            not look at h_t.

    Returns:
        the gradients of W, U and b, in their shapes, and those of the inputs, in theirs.

    Raises:
        ValueError: a shape does not fit the weights, or a value is missing.
    """
    h = unroll(inputs, weights).hidden_states
    x, g, part = np.asarray(inputs, float), np.asarray(gradients, float), weights.state
    if g.shape != h.shape:
        raise ValueError(f"gradients have shape {g.shape}, expected that of all states, {h.shape}.")
    _check_finite("gradients", g)
    slopes, before = SLOPES[weights.activation](h), np.roll(h, 1, axis=1)
    before[:, 0] = 0
    d = np.zeros_like(h)
    later = np.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        d[:, t] = later = (g[:, t] + later @ part.recurrent_kernel.T) * slopes[:, t]
    weighed = [np.einsum("bti,btj->ij", array, d) for array in (x, before)]
    return Part(*weighed, d.sum(axis=(0, 1))), d @ part.kernel.T


def remember(cell_state: NDArray, gates: LSTMGates) -> tuple[NDArray, NDArray]:
    """Let an LSTM's gates act on its cell state: keep, add, show.

    Args:
        cell_state: c_{t-1}.
        gates: the four of this step, each in the cell state's shape.

    Returns:
        h_t = o_t tanh(c_t) and c_t = f_t c_{t-1} + i_t c~_t.
    """
    c = gates.forget * cell_state + gates.input * gates.candidate
    return gates.output * np.tanh(c), c


def lstm_step(
    x: ArrayLike, hidden_state: ArrayLike, cell_state: ArrayLike, weights: LSTMWeights
) -> tuple[NDArray, NDArray, LSTMGates]:
    """Take one step of an LSTM.

    Hochreiter and Schmidhuber (1997) gave it the cell state, the input gate and the output gate;
    Gers, Schmidhuber and Cummins (2000) added the forget gate.

    Args:
        x: shape (batch, features).
        hidden_state: h_{t-1}, shape (batch, units).
        cell_state: c_{t-1}, shape (batch, units).
        weights: the cell's weights.

    Returns:
        h_t and c_t, shape (batch, units), and the gates.

    Raises:
        ValueError: a shape does not fit the weights, or a value is missing.
    """
    x, h, c = _checked(weights.input, x=x, hidden_state=hidden_state, cell_state=cell_state)
    gates = LSTMGates(
        input=sigmoid(weighted_sum(x, h, weights.input)),
        forget=sigmoid(weighted_sum(x, h, weights.forget)),
        candidate=np.tanh(weighted_sum(x, h, weights.candidate)),
        output=sigmoid(weighted_sum(x, h, weights.output)),
    )
    h, c = remember(c, gates)
    return h, c, gates


def gru_step(
    x: ArrayLike, hidden_state: ArrayLike, weights: GRUWeights
) -> tuple[NDArray, GRUGates]:
    """Take one step of a GRU (Cho et al. 2014): h_t = z_t h_{t-1} + (1 - z_t) h~_t.

    In the published paper the reset gate acts on the state *before* the matrix product, (r h) U,
    which cannot start until r is known. With `reset_after` it acts on the product's result,
    r (h U + b_U): then one product h U serves both gates and the candidate, as in NVIDIA's cuDNN.
    The two are different functions, and weights of one do not fit the other.

    Args:
        x: shape (batch, features).
        hidden_state: h_{t-1}, shape (batch, units).
        weights: the cell's weights; with a `recurrent_bias`, the reset gate acts after.

    Returns:
        h_t, shape (batch, units), and the gates.

    Raises:
        ValueError: a shape does not fit the weights, or a value is missing.
    """
    x, h = _checked(weights.update, x=x, hidden_state=hidden_state)
    z = sigmoid(weighted_sum(x, h, weights.update))
    r = sigmoid(weighted_sum(x, h, weights.reset))
    part = weights.candidate
    if weights.recurrent_bias is None:
        remembered = (r * h) @ part.recurrent_kernel
    else:
        remembered = r * (h @ part.recurrent_kernel + weights.recurrent_bias)
    candidate = np.tanh(x @ part.kernel + remembered + part.bias)
    return z * h + (1 - z) * candidate, GRUGates(update=z, reset=r, candidate=candidate)


def unroll(
    inputs: ArrayLike,
    weights: Weights,
    hidden_state: ArrayLike | None = None,
    cell_state: ArrayLike | None = None,
) -> Unrolled:
    """Take a cell through all time steps and keep everything that it computes.

    Args:
        inputs: shape (batch, time_steps, features).
        weights: the cell's weights, such as `weights_of` a Keras layer.
        hidden_state: the state to start from, shape (batch, units), by default zeros.
        cell_state: the same for an LSTM's cell state.

    Returns:
        hidden states, cell states (LSTM) and gates (LSTM and GRU) of every step.

    Raises:
        ValueError: a shape does not fit the weights, a value is missing, there is no time step,
            or a cell that has no cell state gets one.
    """
    inputs = np.asarray(inputs, dtype=float)
    if inputs.ndim != 3:
        raise ValueError(
            f"inputs have shape {inputs.shape}, expected (batch, time_steps, features): "
            "add the missing axis, for example inputs[np.newaxis] for a batch of one."
        )
    if inputs.shape[1] == 0:
        raise ValueError(f"inputs of shape {inputs.shape} have no time step: pass at least one.")
    _check_finite("inputs", inputs)
    if cell_state is not None and not isinstance(weights, LSTMWeights):
        raise ValueError("Only an LSTM has a cell state: pass hidden_state alone.")
    zeros = np.zeros((len(inputs), _any_part(weights).bias.size))
    h = zeros if hidden_state is None else hidden_state
    c = zeros if cell_state is None else cell_state
    hidden_states, cell_states, gates = [], [], []
    for x in inputs.swapaxes(0, 1):
        if isinstance(weights, RNNWeights):
            h = rnn_step(x, h, weights)
        elif isinstance(weights, LSTMWeights):
            h, c, gate = lstm_step(x, h, c, weights)
            cell_states.append(c)
            gates.append(gate)
        else:
            h, gate = gru_step(x, h, weights)
            gates.append(gate)
        hidden_states.append(h)
    return Unrolled(
        hidden_states=np.stack(hidden_states, axis=1),
        cell_states=np.stack(cell_states, axis=1) if cell_states else None,
        gates=_stack_gates(gates) if gates else None,
    )


def weights_of(layer: Any) -> Weights:  # noqa: ANN401 - a Keras layer, and Keras stays unimported
    """Copy the weights of a Keras layer, by name and in float64.

    Args:
        layer: a built SimpleRNN (tanh, relu or linear), LSTM or GRU (tanh and sigmoid).

    Returns:
        its weights; a layer with `use_bias=False` has biases of zero.

    Raises:
        TypeError: the layer is of a different kind, or a whole model.
        ValueError: it is not built yet, or has an activation that these cells do not have.
    """
    kinds = {kind.__name__ for kind in type(layer).__mro__}
    name = type(layer).__name__
    if "Bidirectional" in kinds:
        raise TypeError("Bidirectional has two layers: pass layer.forward_layer, for example.")
    if not kinds & {"SimpleRNN", "LSTM", "GRU"}:
        raise TypeError(
            f"{name} is not a SimpleRNN, LSTM or GRU: pass such a layer, for example "
            "model.layers[0]."
        )
    if not layer.built:
        raise ValueError(f"{name} has no weights yet: call it on one batch, or build it, first.")
    if "SimpleRNN" in kinds:
        activation = _known_activation(layer, "activation", *ACTIVATIONS)
        return RNNWeights(*_parts(layer, 1, _biases(layer, 1)[0]), activation)
    _known_activation(layer, "activation", "tanh")
    _known_activation(layer, "recurrent_activation", "sigmoid")
    if "LSTM" in kinds:
        i, f, c, o = _parts(layer, 4, _biases(layer, 4)[0])
        return LSTMWeights(input=i, forget=f, candidate=c, output=o)
    bias, recurrent_bias = _biases(layer, 3)
    gates = slice(2 * layer.units)
    bias[gates] += recurrent_bias[gates]  # the gates may add both biases up, the candidate may not
    z, r, h = _parts(layer, 3, bias)
    return GRUWeights(z, r, h, recurrent_bias[gates.stop :] if layer.reset_after else None)


def _biases(layer: Any, parts: int) -> NDArray:  # noqa: ANN401
    """Shape (2, parts * units): the bias, and the recurrent bias, which only some GRUs have."""
    biases = np.zeros((2, parts * layer.units))
    if layer.use_bias:
        bias = np.atleast_2d(np.asarray(layer.cell.bias))
        biases[: len(bias)] = bias
    return biases


def _parts(layer: Any, parts: int, bias: NDArray) -> list[Part]:  # noqa: ANN401
    """Cut what Keras keeps side by side in one array into the weights of each gate."""
    arrays = (np.asarray(layer.cell.kernel), np.asarray(layer.cell.recurrent_kernel), bias)
    pieces = (np.split(array.astype(float), parts, axis=-1) for array in arrays)
    return [Part(*piece) for piece in zip(*pieces, strict=True)]


def _known_activation(layer: Any, role: str, *known: str) -> str:  # noqa: ANN401
    """Name a layer's activation, and refuse one that is not among those known."""
    activation = getattr(layer, role)
    name = getattr(activation, "__name__", str(activation))
    if name not in known:
        raise ValueError(
            f"{type(layer).__name__} has {role} {name!r}, but these cells know "
            f"{' or '.join(known)}: build the layer with that."
        )
    return name


def _any_part(weights: Weights) -> Part:
    """One part of the weights; all have the same shapes."""
    return weights.state if isinstance(weights, RNNWeights) else weights.candidate


def _checked(part: Part, **arrays: ArrayLike) -> list[NDArray]:
    """Return the input x and the states in float64, if they fit the weights and miss nothing."""
    features, units = part.kernel.shape
    batch = np.shape(arrays["x"])[0] if np.ndim(arrays["x"]) else 0
    checked = []
    for name, values in arrays.items():
        array = np.asarray(values, dtype=float)
        axis, size = ("features", features) if name == "x" else ("units", units)
        if array.shape != (batch, size) or not batch:
            raise ValueError(
                f"{name} has shape {array.shape}, expected (batch, {axis}), here "
                f"{(batch or 'batch', size)}: the weights are for {features} features and "
                f"{units} units."
            )
        _check_finite(name, array)
        checked.append(array)
    return checked


def _check_finite(name: str, array: NDArray) -> None:
    """Refuse missing and infinite values, and name the first."""
    if not np.isfinite(array).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"{name} has {array[place]} at position {place}: fill or drop it first.")


def _stack_gates(steps: list[LSTMGates] | list[GRUGates]) -> LSTMGates | GRUGates:
    """Join the gates of single steps along a new time axis, the second."""
    stacked = {
        name: np.stack([getattr(step, name) for step in steps], axis=1) for name in vars(steps[0])
    }
    return type(steps[0])(**stacked)
