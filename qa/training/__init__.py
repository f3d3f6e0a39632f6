"""How the bundled readers were made: one file a stage, never imported by the application."""
