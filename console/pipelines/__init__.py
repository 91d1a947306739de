"""GitHub Actions: repositories, workflows, runs, jobs, steps, logs."""
