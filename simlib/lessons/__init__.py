"""What each lesson brings along: its scenarios, explorables, questions and checks, one module per lesson.

Notebooks hold no definitions and no prose in code; both live here. Words are declared with `N_` and shown in
the language that the notebook has set.
"""
