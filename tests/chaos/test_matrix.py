"""What may fail, and which tests make it fail: every failure has at least one, and every one of them is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

LEASES, SLICE = "service/store/test_leases.py", "workers/test_slice.py"
PROCESSES, TASKS, APP = "workers/test_processes.py", "workers/test_tasks.py", "workers/test_app.py"
CRASHES, FAILURES, TRIAL = "chaos/test_crash_points.py", "chaos/test_failures.py", "chaos/test_trial.py"

WHATEVER = f"{TRIAL}::test_nothing_is_lost_doubled_or_different_whatever_happens"
"""Strikes every fault of `benchmarks.chaos.faults` at least once, embedded and distributed."""

MATRIX = {
    # ---- processes
    "a worker is killed": (
        f"{PROCESSES}::test_workers_killed_at_random_moments_change_nothing",
        f"{CRASHES}::test_workers_that_die_at_every_point_change_nothing",
        f"{LEASES}::test_an_expired_lease_is_told_once_and_the_job_goes_on",
        WHATEVER,
    ),
    "a worker is stopped, and wakes when its trajectory is in other hands": (
        f"{PROCESSES}::test_a_worker_that_wakes_after_its_lease_writes_nothing",
        f"{LEASES}::test_a_zombies_commit_is_refused_whole",
        f"{LEASES}::test_a_zombie_of_a_deleted_trajectory_cannot_write_into_the_one_made_again",
        WHATEVER,
    ),
    "a worker hangs": (
        "workers/test_lease.py::test_a_worker_that_hangs_ends_itself_and_says_where",
        "workers/test_lease.py::test_a_worker_without_progress_loses_its_lease_and_must_stop",
    ),
    "a worker dies between file and commit": (
        f"{CRASHES}::test_workers_that_die_at_every_point_change_nothing",
        f"{SLICE}::test_after_a_crash_the_snapshot_without_a_row_is_collected",
    ),
    "a worker dies between commit and bell": (
        f"{CRASHES}::test_workers_that_die_at_every_point_change_nothing",
        f"{LEASES}::test_lost_bells_are_rung_again_after_the_grace",
    ),
    "a worker makes other bits, or is of another class": (
        "workers/test_fleet.py::test_a_worker_whose_machine_makes_other_bits_does_not_start",
        f"{TASKS}::test_a_worker_of_another_numerics_class_does_not_start",
    ),
    "a supervisor dies": (
        f"{PROCESSES}::test_a_killed_supervisor_takes_its_workers_along",
        "workers/test_supervisor.py::test_a_worker_leaves_when_its_supervisor_is_killed",
        WHATEVER,
    ),
    "a reconciler dies half way": (
        f"{CRASHES}::test_a_reconciler_that_dies_half_way_is_continued_by_the_next",
        "service/queue/test_reconciler.py::test_a_reconciler_that_dies_in_between_is_continued_by_the_next",
    ),
    "an API dies while it takes on a job": (
        f"{CRASHES}::test_an_api_that_dies_between_commit_and_answer_accepted_the_job_once",
        "service/test_submission.py::test_a_failure_half_way_stores_neither_job_nor_key",
        WHATEVER,
    ),
    "an API is restarted while somebody follows a job": (
        f"{FAILURES}::test_who_follows_a_job_while_its_api_is_killed_misses_nothing",
    ),
    "a client goes away and comes back": (
        "service/api/test_events.py::test_a_reader_reconnects_by_last_event_id_and_misses_nothing",
        "service/api/test_stream.py::test_a_reader_slower_than_its_queue_is_told_and_sent_away",
    ),
    # ---- the broker
    "the broker is away, dies, is flushed, cut off or a black hole": (
        f"{APP}::test_without_a_broker_the_worker_still_looks",
        "service/queue/test_bell.py::test_a_broker_that_is_away_is_counted_and_costs_no_time",
        "service/api/test_observability.py::test_a_broker_that_is_away_is_a_warning_not_an_error",
        WHATEVER,
    ),
    "bells are lost, doubled, late, in another order, torn or forged": (
        f"{LEASES}::test_lost_bells_are_rung_again_after_the_grace",
        f"{LEASES}::test_a_second_claim_is_refused",
        f"{APP}::test_a_torn_message_is_a_lost_bell_and_no_more",
        f"{TASKS}::test_a_forged_bell_is_dropped",
        "chaos/test_negative_controls.py::test_without_a_reconciler_a_lost_bell_is_lost_for_ever",
        WHATEVER,
    ),
    # ---- the database
    "the database is away or starts again": (
        f"{FAILURES}::test_while_the_database_is_away_an_api_asks_to_come_back_later",
        f"{TASKS}::test_a_database_that_is_away_is_waited_for",
        WHATEVER,
    ),
    "connections to the database are lost, or lead into a black hole": (
        "service/store/test_patience.py::test_lost_connections_are_made_again_unnoticed",
        "service/store/test_patience.py::test_a_database_in_a_black_hole_is_waited_for_but_not_for_ever",
        WHATEVER,
    ),
    "the one writer of SQLite is held by another": (
        "service/store/test_engine.py::test_writers_of_sqlite_take_turns_instead_of_failing",
        "service/api/test_problems.py::test_a_locked_database_is_busy_and_says_when_to_come_back",
        WHATEVER,
    ),
    "two transactions wait for each other": (
        "service/store/test_engine.py::test_of_two_transactions_that_wait_for_each_other_the_one_ended_is_run_again",
        "service/api/test_conflicts.py::test_a_patch_that_was_ended_is_run_again",
    ),
    "the answer of a commit is lost": (f"{LEASES}::test_the_same_slice_is_not_committed_twice", WHATEVER),
    "a backup is put back": (
        "chaos/test_restore.py::test_a_backup_put_back_elsewhere_goes_on_to_the_same_bits",
        "chaos/test_restore.py::test_a_worker_from_before_the_restore_writes_nothing",
    ),
    # ---- disks and clocks
    "the disk of the snapshots is full": (
        f"{FAILURES}::test_a_full_disk_is_told_with_its_path_and_waited_for",
        f"{TASKS}::test_machine_trouble_and_our_own_faults_are_tried_again_later",
    ),
    "a snapshot is missing, torn or altered": (
        f"{SLICE}::test_a_lost_snapshot_is_made_again_with_the_same_bits",
        f"{SLICE}::test_a_lost_start_of_a_child_is_made_again_by_its_parent",
        "service/store/test_blobs.py::test_a_torn_or_damaged_file_is_not_loaded",
        WHATEVER,
    ),
    "the place of the snapshots is not mounted, or another's": (
        "service/store/test_blobs.py::test_a_folder_that_is_not_mounted_takes_no_snapshot",
        "workers/test_fleet.py::test_a_worker_that_does_not_see_the_snapshots_of_the_others_does_not_start",
    ),
    "a bucket does not answer": (
        "service/store/test_blobs.py::test_a_bucket_that_does_not_answer_is_trouble_of_the_machine",
    ),
    "clocks differ": (
        f"{FAILURES}::test_a_worker_whose_clock_is_a_day_off_takes_and_loses_nothing",
        "service/store/test_blobs.py::test_the_age_of_a_file_is_told_by_the_clock_that_stamped_it",
        "service/store/test_engine.py::test_the_clock_is_the_databases_own",
    ),
    # ---- work that cannot be done
    "a trajectory kills or fails every worker": (
        f"{LEASES}::test_a_trajectory_that_kills_its_workers_fails_and_the_other_arms_go_on",
        f"{TASKS}::test_the_fifth_failure_in_a_row_ends_the_trajectory",
        f"{LEASES}::test_a_refusal_fails_at_once_and_never_again",
    ),
    "a life diverges": (f"{SLICE}::test_a_life_that_diverges_is_told_and_the_others_go_on",),
    "a part trained again comes out differently": (f"{LEASES}::test_a_replay_that_gives_other_values_is_told",),
}
"""Failure -> tests that bring it about and look at what is told and what is kept."""


@pytest.mark.parametrize("failure", MATRIX)
def test_every_failure_has_a_test_that_is_there(failure: str) -> None:
    assert MATRIX[failure]
    for each in MATRIX[failure]:
        file, _, name = each.partition("::")
        tree = ast.parse((TESTS / file).read_text())
        assert name in {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}, each
