"""What Quarterdeck costs, measured: `python -m tests.bench [NAME ...] [--quick] [--soak SECONDS] [--json FILE]`.

One module a figure. A time is a ratio to a reference measured in the same run, so that it holds on another machine; CPU
is a share of one core over a window; the rest are counts. A figure that cannot be measured here says why.
"""
