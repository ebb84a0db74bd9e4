"""What instructors need: the notes in the lessons, and plans made from them."""
