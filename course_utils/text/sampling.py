"""Writing with a character model: one compiled loop, the state carried from step to step."""

from course_utils.stepping import (
    check_counts,
    check_steps,
    compiled,
    initial_states,
    number_type,
    step_through,
)
from course_utils.text.characters import decode, encode

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def sample(
    model: keras.Sequential,
    characters: str,
    prompt: str,
    length: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    samples: int = 1,
    seed: int = 0,
) -> list[str]:
    """Let a character model write on from a prompt.

    Each character is drawn from softmax(logits / temperature) by the Gumbel-max trick (Gumbel,
    1954): add noise from a Gumbel distribution, times the temperature, and take the largest. Code
    0, the unknown character, is never drawn.

    Args:
        model: an embedding of codes or layers of one-hot vectors, recurrent layers that return
            sequences, and a Dense layer with one logit per character.
        characters: from `characters_of`.
        prompt: what the text begins with, at least one character.
        length: characters to write.
        temperature: 1 draws as the model says, less makes it surer, 0 takes the most probable.
        top_k: draw from the k most probable characters only; None for all.
        samples: texts to write, each with its own noise.
        seed: for the noise.

    Returns:
        the texts, without the prompt.

    Raises:
        TypeError: the model is not a `keras.Sequential`.
        ValueError: the prompt is empty or has an unknown character, a number is out of range, a
            layer reads several time steps at once, or the model was trained on a different list
            of characters.
    """
    check_steps(model, "build one of an embedding, recurrent layers and a Dense layer")
    check_counts(characters=length, samples=samples)
    if model.output_shape[-1] != len(characters):
        raise ValueError(
            f"The model knows {model.output_shape[-1]} characters and this list has "
            f"{len(characters)}: build and train a model on this text."
        )
    if not prompt:
        raise ValueError("The prompt is empty: begin with at least one character, such as a space.")
    if not 0 <= temperature < np.inf:
        raise ValueError(f"A temperature of {temperature} is not possible: take 0 or more.")
    top_k = len(characters) - 1 if top_k is None else top_k
    if not 1 <= top_k < len(characters):
        raise ValueError(
            f"top_k={top_k} is out of range: there are {len(characters) - 1} characters."
        )
    codes = np.tile(encode(prompt, characters), (samples, 1))
    noise = np.random.default_rng(seed).gumbel(size=(samples, length, len(characters)))
    written = compiled(_write, model)(
        tf.constant(codes, "int32"),
        tf.constant(noise * temperature, number_type(model)),
        tf.constant(top_k, "int32"),
    )
    return [decode(row, characters) for row in written.numpy()]


def _write(
    model: keras.Sequential, prompt: tf.Tensor, noise: tf.Tensor, top_k: tf.Tensor
) -> tf.Tensor:
    """Read the prompt, shape (samples, time), then draw; noise is (samples, length, characters)."""
    samples, length, characters = noise.shape
    unknown = ops.one_hot(0, characters, dtype=noise.dtype) * 1e9

    def advance(code: tf.Tensor, states: list) -> tuple[tf.Tensor, list]:
        logits, states = step_through(model.layers, code, states)
        return ops.cast(logits, noise.dtype) - unknown, states

    def read(t: tf.Tensor, loop: tuple) -> tuple:
        return advance(prompt[:, t], loop[1])

    def draw(t: tf.Tensor, loop: tuple) -> tuple:
        logits, states, written = loop
        least = ops.sort(logits, axis=-1)[:, characters - top_k]
        allowed = ops.where(logits >= least[:, tf.newaxis], logits, -1e9)
        code = ops.cast(ops.argmax(allowed + noise[:, t], axis=-1), "int32")
        written = ops.slice_update(written, (0, t), code[:, tf.newaxis])
        return *advance(code, states), written

    start = (ops.zeros((samples, characters), noise.dtype), initial_states(model.layers, samples))
    logits, states = ops.fori_loop(0, prompt.shape[1], read, start)
    written = ops.zeros((samples, length), "int32")
    return ops.fori_loop(0, length, draw, (logits, states, written))[2]
