"""An LSTM that trains faster on a CPU: one operation in place of a loop over the time steps.

Lesson 12 measures what it gains.
"""

import keras
import tensorflow as tf


class FusedLSTM(keras.layers.LSTM):
    """Keras' LSTM, trained on a CPU in one operation for all time steps, which is faster.

    Weights, equations and gradients are Keras' own, to rounding. Where the operation does not fit
    (on a GPU, with a mask, an initial state, other activations) and outside of training, it
    computes as Keras does.

    The operation is TensorFlow's BlockLSTM. The newer BlockLSTMV2 has the gates in Keras' order,
    but in TensorFlow 2.21 its gradient mixes up the forget gate and the candidate.
    """

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: "list[tf.Tensor] | None" = None,
        mask: "tf.Tensor | None" = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Compute as Keras' LSTM does; sequences have shape (batch, time_steps, features)."""
        if not training or mask is not None or initial_state is not None or not self._fits():
            return super().call(sequences, initial_state, mask, training)
        batch, time_steps = tf.shape(sequences)[0], tf.shape(sequences)[1]
        if self.go_backwards:
            sequences = sequences[:, ::-1]
        no_state, no_peephole = tf.zeros((batch, self.units)), tf.zeros(self.units)
        hidden_states = tf.raw_ops.BlockLSTM(
            seq_len_max=tf.cast(time_steps, tf.int64),
            x=tf.transpose(sequences, (1, 0, 2)),
            cs_prev=no_state,
            h_prev=no_state,
            w=_in_order_of_block_lstm(
                tf.concat([self.cell.kernel, self.cell.recurrent_kernel], axis=0)
            ),
            b=_in_order_of_block_lstm(self.cell.bias),
            wci=no_peephole,
            wcf=no_peephole,
            wco=no_peephole,
            forget_bias=0,  # Keras keeps it in the bias
            cell_clip=-1,
        ).h
        if self.return_sequences:
            return tf.transpose(hidden_states, (1, 0, 2))
        return hidden_states[-1]

    def _fits(self) -> bool:
        """Whether the operation computes what this layer was built for, and there is no GPU."""
        cell = self.cell
        return (
            cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
            and cell.use_bias
            and self.compute_dtype == "float32"
            and not (cell.dropout or cell.recurrent_dropout or self.return_state or self.stateful)
            and not tf.config.list_physical_devices("GPU")
        )


def _in_order_of_block_lstm(weights: tf.Tensor) -> tf.Tensor:
    """Reorder the gates from Keras' input, forget, candidate, output."""
    i, f, candidate, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, candidate, f, o], axis=-1)


# Not as a decorator: the site's pages are made with Keras mocked, which would hide the class.
keras.saving.register_keras_serializable("course_utils")(FusedLSTM)
