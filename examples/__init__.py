"""Examples that use Kiseki on real input."""
