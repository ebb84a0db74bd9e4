"""Several seeds of one network, trained as one computation.

A small network spends its time on overhead, not on arithmetic. Here the weights of all seeds are
stacked, and each operation works on the whole stack: one loop over the time steps for all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, signature
from math import ceil

from course_utils import warm
from course_utils.checks import check_fits
from course_utils.files import sha256
from course_utils.training import progress_bar

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

TOGETHER = (
    *("SimpleRNN", "LSTM", "GRU", "FusedLSTM", "Dropout", "Dense"),
    *("SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion"),
)
"""layers, as `models.recurrent` builds with them, and optimizers that step each weight by itself"""
_HEEDED = ("return_sequences", "seed", "unroll", "unit_forget_bias")
"""options of a layer that are kept to here, or change no more than its first weights"""
STEPS_PER_CALL = 16
"""gradient steps in one call of the compiled loop: calling takes a third of a small step's time"""


def fit_seeds(
    build: Callable[[], keras.Sequential],
    windows: NDArray,
    targets: NDArray,
    *,
    seeds: Iterable[int],
    epochs: int,
    batch_size: int = 32,
    label: str = "training",
    quiet: bool = False,
) -> list[keras.Sequential]:
    """Train one network per seed, all of them as one computation, compiled by XLA.

    To rounding, each is the network that `training.fit` trains with that seed: it has the same
    first weights, the same batches and the same losses. Only dropout draws other numbers.

    Args:
        build: builds a network as `models.recurrent` does, and compiles it.
        windows: shape (samples, time_steps, features), oldest first.
        targets: shape (samples,), or (samples, outputs).
        seeds: for the first weights and the order of the batches, one per network.
        epochs: passes over the samples.
        batch_size: samples per gradient step.
        label: what the bar calls this training run; it shows the mean loss of the seeds.
        quiet: show no bar.

    Returns:
        the trained networks, in the order of the seeds; `history` of each holds the losses of
        every epoch, as after Keras' `fit`, but no metrics.

    Raises:
        ValueError: there is no seed, `build` gives one network twice, a layer or the optimizer is
            not one of `TOGETHER`, a layer has options that `models.recurrent` does not set, the
            loss is weighted, not one number per sample, or an object instead of a name or function,
            gradients are clipped by their norm or scaled, weights are averaged or some of them kept
            from decay, numbers are not float32, or windows and targets are not what `training.fit`
            takes.
    """
    seeds, networks, orders = list(seeds), [], []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        networks.append(build())
        _check(networks[-1], windows, targets)
        orders.append(_order(len(windows)))
    if not networks:
        raise ValueError("There is no seed to train with: take at least one.")
    if len({*map(id, networks)}) < len(networks):
        raise ValueError("`build` returned one network twice: let it build a new one at each call.")
    windows, targets = (np.asarray(each, "float32") for each in (windows, targets))
    targets = targets[:, np.newaxis] if targets.ndim == 1 else targets

    def train() -> None:
        bar = progress_bar(label, quiet)
        _train(networks, windows, targets, np.stack(orders), epochs, batch_size, bar)

    def key() -> str:
        each = zip(networks, seeds, strict=True)
        data = [windows, targets]
        keys = [warm.key_of(network, data, epochs, batch_size, seed) for network, seed in each]
        return sha256(" ".join(keys).encode())

    params = {"verbose": 0, "epochs": epochs, "steps": ceil(len(windows) / batch_size)}
    warm.keep(train, networks, key, params, label=label, quiet=quiet)
    return networks


def _train(
    networks: list[keras.Sequential],
    windows: NDArray,
    targets: NDArray,
    orders: NDArray,
    epochs: int,
    batch_size: int,
    bar: keras.callbacks.Callback,
) -> None:
    """Train networks together, each with its own order; `orders` is (seeds, samples)."""
    stack = Stack.of(networks)
    shown = keras.callbacks.CallbackList([bar], epochs=epochs)
    noted = [keras.callbacks.CallbackList(add_history=True, model=each) for each in networks]
    for callbacks in (shown, *noted):
        callbacks.on_train_begin()
    for epoch in range(epochs):
        sums = [
            stack.steps(*map(tf.constant, (windows[indices], targets[indices], counted)))
            for indices, counted in _calls(orders, batch_size)
        ]
        losses = np.sum(sums, axis=0) / len(windows)
        for callbacks, loss in zip((shown, *noted), (losses.mean(), *losses), strict=True):
            callbacks.on_epoch_end(epoch, {"loss": float(loss)})
    shown.on_train_end()
    for number, network in enumerate(networks):
        network.set_weights([variable[number] for variable in stack.weights])
        network.optimizer.build(network.trainable_variables)
        for own, of_all in zip(network.optimizer.variables, stack.optimizer.variables, strict=True):
            own.assign(of_all if own.shape == of_all.shape else of_all[number])


def _check(network: keras.Sequential, windows: NDArray, targets: NDArray) -> None:
    """Refuse what cannot be trained, in this way or in any."""
    if not network.compiled:
        raise ValueError("The network has no optimizer: compile it in `build`.")
    parts = [type(part).__name__ for part in (*network.layers, network.optimizer)]
    options = ("clipnorm", "global_clipnorm", "use_ema", "loss_scale_factor")
    parts += [name for name in options if getattr(network.optimizer, name)]
    parts += [option for layer in network.layers for option in _unheeded(layer)]
    parts += [each.dtype_policy.name for each in network.layers if each.compute_dtype != "float32"]
    if not all(map(network.optimizer._use_weight_decay, network.trainable_variables)):
        parts.append("exclude_from_weight_decay")
    if network._compile_config.config["loss_weights"]:
        parts.append("loss_weights")
    if isinstance(network.loss, keras.losses.Loss):
        parts.append(f"the object {type(network.loss).__name__}()")
    for name in parts:
        if name not in TOGETHER:
            raise ValueError(
                f"Seeds cannot be trained together with {name}: train them one by one, with "
                "training.fit."
            )
    check_fits(network, windows, targets)


def _unheeded(layer: keras.Layer) -> list[str]:
    """Name the options of a layer that are not as Keras has them and would be passed over here."""
    options, config = signature(type(layer).__init__).parameters, layer.get_config()
    usual = {name: option.default for name, option in options.items()} | {"trainable": True}
    if isinstance(layer, keras.layers.Dense):
        del usual["activation"]
    return [
        f"{name}={config[name]!r}"
        for name, value in usual.items()
        if name in config
        and config[name] != value != Parameter.empty
        and name not in _HEEDED
        and not name.endswith("_initializer")
    ]


def _order(samples: int) -> NDArray:
    """Draw the order of the samples as Keras' `fit` does: with a seed, one for all epochs."""
    shuffled = tf.data.Dataset.range(1).map(
        lambda _: tf.random.shuffle(tf.range(samples, dtype=tf.int64))
    )
    return next(iter(shuffled)).numpy()


def _calls(orders: NDArray, batch_size: int) -> Iterator[tuple[NDArray, NDArray]]:
    """Cut an epoch's orders, shape (seeds, samples), into calls of one size.

    Yields indices, shape (steps, seeds, batch_size), and what they count, shape (steps,
    batch_size): the last call is filled up with samples that count 0, because each shape would be
    compiled again.
    """
    samples = orders.shape[1]
    missing = -samples % (STEPS_PER_CALL * batch_size)
    indices = np.pad(orders, [(0, 0), (0, missing)])
    indices = indices.reshape(len(orders), -1, STEPS_PER_CALL, batch_size)
    counted = np.repeat(np.float32([1, 0]), [samples, missing])
    counted = counted.reshape(-1, STEPS_PER_CALL, batch_size)
    return zip(indices.transpose(1, 2, 0, 3), counted, strict=True)


class Stack:
    """The weights of several networks, and a step that trains all of them."""

    compiled: dict[str, "Stack"] = {}  # noqa: RUF012 (shared: compiling takes seconds)

    @classmethod
    def of(cls, networks: list[keras.Sequential]) -> "Stack":
        """Take the stack that was compiled for networks like these, or a new one, and fill it."""
        parts = [*networks[0].layers, networks[0].optimizer]
        kind = [part.get_config() | {"name": type(part).__name__} for part in parts]
        fresh = cls(networks)
        # A layer's options tell neither its features nor which function of a name it has.
        shapes = [weight.shape for weight in fresh.weights]
        functions = [getattr(layer, "activation", None) for layer in fresh.layers]
        key = repr([shapes, networks[0].loss, functions, kind])
        stack = cls.compiled.setdefault(key, fresh)
        for variable, value in zip(stack.variables(), fresh.variables(), strict=True):
            variable.assign(value)
        return stack

    def __init__(self, networks: list[keras.Sequential]) -> None:
        self.layers, self.loss = networks[0].layers, keras.losses.get(networks[0].loss)
        of_all = zip(*(network.get_weights() for network in networks), strict=True)
        self.weights = [keras.Variable(np.stack(values)) for values in of_all]
        optimizer = networks[0].optimizer
        self.optimizer = type(optimizer).from_config(optimizer.get_config())
        self.optimizer.build(self.weights)

    def variables(self) -> list[keras.Variable]:
        """All that training changes."""
        drawn = [state for layer in self.layers for state in layer.non_trainable_variables]
        return [*self.weights, *self.optimizer.variables, *drawn]

    @tf.function(jit_compile=True, autograph=False)  # AutoGraph would double the time of tracing
    def steps(self, windows: tf.Tensor, targets: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
        """Take gradient steps, one on each batch in which a sample counts.

        Args:
            windows: shape (steps, seeds, batch, time_steps, features).
            targets: shape (steps, seeds, batch, outputs).
            counted: shape (steps, batch), what each sample counts.

        Returns:
            the sum of each seed's losses, each before its step, shape (seeds,).
        """

        def step(number: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return number + 1, sums + self._step(*(x[number] for x in (windows, targets, counted)))

        needed = tf.math.count_nonzero(counted[:, 0], dtype=tf.int32)
        start = (0, tf.zeros(windows.shape[1]))
        return tf.while_loop(lambda number, _: number < needed, step, start)[1]

    def _step(self, windows: tf.Tensor, targets: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
        weights = [variable.value for variable in self.weights]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            errors = self.loss(targets, self._forecasts(weights, windows))
            if errors.shape != windows.shape[:2]:
                raise ValueError(
                    "Seeds cannot be trained together with a loss that is not one number per "
                    "sample: train them one by one, with training.fit."
                )
            sums = tf.reduce_sum(errors * counted, axis=1)
            loss = tf.reduce_sum(sums) / tf.reduce_sum(counted)
        self.optimizer.apply(tape.gradient(loss, weights), self.weights)
        return sums

    def _forecasts(self, weights: list[tf.Tensor], values: tf.Tensor) -> tf.Tensor:
        """Send windows, shape (seeds, batch, time_steps, features), through all layers."""
        left = iter(weights)
        for layer in self.layers:
            own = [next(left) for _ in layer.trainable_variables]
            if isinstance(layer, keras.layers.RNN):
                values = _states(layer, *own, values)
            elif own:
                flat = tf.reshape(values, (values.shape[0], -1, values.shape[-1]))
                sums = tf.matmul(flat, own[0]) + own[1][:, tf.newaxis]
                values = layer.activation(tf.reshape(sums, (*values.shape[:-1], layer.units)))
            else:
                values = layer(values, training=True)
        return values


def _states(
    layer: keras.layers.RNN,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    sequences: tf.Tensor,
) -> tf.Tensor:
    """Compute a layer's hidden states for all seeds in one loop over the time steps."""
    biases = tf.reshape(bias, (bias.shape[0], -1, 1, kernel.shape[-1]))  # a GRU has two
    inputs = tf.einsum("sbtf,sfu->tsbu", sequences, kernel) + biases[:, 0]
    after = next(STEPS[kind] for kind in STEPS if isinstance(layer, kind))

    def step(states: list[tf.Tensor], given: tf.Tensor) -> list[tf.Tensor]:
        recurrent = tf.matmul(states[0], recurrent_kernel)
        return after(given, recurrent + tf.reduce_sum(biases[:, 1:], axis=1), states)

    empty = tf.zeros((*sequences.shape[:2], layer.units))
    start = [empty] * np.size(layer.cell.state_size)
    if layer.return_sequences:
        return tf.transpose(tf.scan(step, inputs, start)[0], (1, 2, 0, 3))
    return tf.foldl(step, inputs, start)[0]  # a fifth faster: keeps no states but the last


def _after_rnn(given: tf.Tensor, recurrent: tf.Tensor, states: list[tf.Tensor]) -> list[tf.Tensor]:
    return [tf.tanh(given + recurrent)]


def _after_lstm(given: tf.Tensor, recurrent: tf.Tensor, states: list[tf.Tensor]) -> list[tf.Tensor]:
    i, f, candidate, o = tf.split(given + recurrent, 4, axis=-1)
    cell_state = tf.sigmoid(f) * states[1] + tf.sigmoid(i) * tf.tanh(candidate)
    return [tf.sigmoid(o) * tf.tanh(cell_state), cell_state]


def _after_gru(given: tf.Tensor, recurrent: tf.Tensor, states: list[tf.Tensor]) -> list[tf.Tensor]:
    z, r, candidate = tf.split(given, 3, axis=-1)
    z_state, r_state, candidate_state = tf.split(recurrent, 3, axis=-1)
    z, r = tf.sigmoid(z + z_state), tf.sigmoid(r + r_state)
    return [z * states[0] + (1 - z) * tf.tanh(candidate + r * candidate_state)]


STEPS = {
    keras.layers.SimpleRNN: _after_rnn,
    keras.layers.LSTM: _after_lstm,
    keras.layers.GRU: _after_gru,
}
"""the states after a step, from weighted input and state, the gates in Keras' order"""
