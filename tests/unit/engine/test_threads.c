/* Branches as threads: SPAWN only below max_threads, threads given back by
 * parked branches, and their respawn. */
#include "branches.h"

static int callback(void) {
  int op = durable_engine_callback(sc.e, sc.task, sc.ctx, NULL, NULL);
  sc_drain();
  return op;
}

/* The branch's body: a callback, and its result. */
static int awaits(const branch *b) {
  enter(b);
  int op = callback();
  int answer = sc_next(op);
  if (answer == PARK) {
    sc_pump();
    sc.task = b->task;
    answer = sc_next(op);
  }
  if (answer != DONE)
    return answer;
  int result = durable_engine_callback_result(sc.e, sc.task, op);
  return sc_next(result);
}

static void unwinds(const branch *b) {
  assert_int_equal(durable_engine_op_abandon(sc.e, b->op, 0), 0);
  leaves(b);
}

static void spawn_waits_for_a_thread(void **state) {
  (void)state;
  sc.options.max_threads = 2;
  sc_open();
  int g = group(NULL, 4, NULL);
  branch a = spawned(g), b = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK); /* two run already */
  enter(&a);
  enter(&b);
  ends(&b, 1);
  sc_says(b.op, DONE);
  leaves(&b);
  assert_true(sc_woken(sc.root));
  branch c = spawned(g);
  assert_int_equal(c.index, 2);
}

static void a_parked_branch_gives_its_thread(void **state) {
  (void)state;
  sc.options.max_threads = 1;
  sc_open();
  int g = group(NULL, 3, NULL);
  branch b[3];
  b[0] = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  assert_int_equal(awaits(&b[0]), PARK); /* keeps its thread: one is no more */
  sc_pump();
  assert_true(sc_woken(sc.root));
  b[1] = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  assert_int_equal(awaits(&b[1]), SUSPEND); /* another waits for a thread */
  unwinds(&b[1]);
  sc_pump(); /* its START is answered: it may go on */
  assert_true(sc_woken(sc.root));
  branch again = spawned(g);
  assert_int_equal(again.index, 1);
  assert_int_equal(again.op, b[1].op);
  assert_int_not_equal(again.task, b[1].task);
  assert_int_equal(awaits(&again), SUSPEND); /* on its result now */
  unwinds(&again);
  b[2] = spawned(g);
  assert_int_equal(b[2].index, 2);
  enter(&b[2]);
  ends(&b[2], 1);
  sc_says(b[2].op, DONE);
  leaves(&b[2]);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);

  /* while the first still waits, the second one's callback is answered */
  int busy = durable_engine_task_new(sc.e, durable_engine_root_ctx(sc.e));
  sc_settle("1.1.1", "SUCCEEDED",
            "'CallbackDetails':{'CallbackId':'c','Result':'yes'}");
  sc.task = busy;
  sc.ctx = durable_engine_root_ctx(sc.e);
  int step = sc_step(NULL);
  assert_int_equal(sc_do(step, "1"), DONE); /* its reply carries the news */
  assert_true(sc_woken(sc.root));
  again = spawned(g);
  assert_int_equal(again.index, 1);
  assert_int_equal(awaits(&again), DONE); /* replayed, then on */
  ends(&again, 1);
  sc_says(again.op, DONE);
  leaves(&again);
  assert_string_equal(items_of(g, 3), "- S1 S1");
}

/* what the body logged before it was parked is not logged again. */
static void a_branch_spawned_again_replays(void **state) {
  (void)state;
  sc.options.max_threads = 1;
  sc.options.records = 1;
  sc_open();
  int g = group(NULL, 3, NULL);
  branch a = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  assert_int_equal(awaits(&a), PARK);
  sc_pump();
  branch b = spawned(g);
  enter(&b);
  assert_int_equal(durable_engine_ctx_is_replaying(sc.e, sc.ctx), 0);
  int op = callback();
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  sc.task = b.task;
  assert_int_equal(sc_next(op), SUSPEND);
  unwinds(&b);
  sc_pump();
  sc_records();
  branch again = spawned(g); /* the START was answered: it may go on */
  assert_int_equal(again.index, 1);
  enter(&again);
  assert_int_equal(durable_engine_ctx_is_replaying(sc.e, sc.ctx), 1);
  assert_int_equal(callback(), op); /* the same operation */
  assert_int_equal(sc_next(op), DONE);
  assert_int_equal(durable_engine_ctx_is_replaying(sc.e, sc.ctx), 0);
  assert_null(strstr(sc_records(), "OS")); /* told once */
}

/* An outcome given by a body whose thread was wanted is not written. */
static void an_outcome_after_giving_up(void **state) {
  (void)state;
  sc.options.max_threads = 1;
  sc_open();
  int g = group(NULL, 3, NULL);
  branch a = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  assert_int_equal(awaits(&a), PARK);
  sc_pump();
  branch b = spawned(g);
  sc.task = sc.root;
  assert_int_equal(sc_next(g), PARK);
  assert_int_equal(awaits(&b), SUSPEND);
  ends(&b, 0); /* swallowed by user code */
  assert_int_equal(sc_next(b.op), SUSPEND);
  leaves(&b);
  sc_pump();
  assert_null(strstr(sc_sent(), "FAIL"));
  assert_string_equal(items_of(g, 3), "- - .");
}

/* Ten outer branches with ten inner ones each, all on callbacks: all claim
 * theirs with four threads, and the invocation suspends. */
enum { WIDE = 10 };
typedef struct strand {
  branch b;
  int group; /* inner group, or 0: not yet */
  int outer; /* of a branch of the outer group */
} strand;

static void nested_groups_need_no_thread_each(void **state) {
  static strand strands[4096];
  size_t count = 0, most = 0;
  (void)state;
  sc.options.max_threads = 4;
  sc_open();
  int g = group(NULL, WIDE, NULL);
  int unwinding = 0;
  for (int turn = 0; turn < 20000 && !unwinding; turn++) {
    /* the root, then every strand, as far as they go */
    sc.task = sc.root;
    int answer = sc_next(g);
    if (answer == SUSPEND) {
      unwinding = 1;
      break;
    }
    if (answer == SPAWN) {
      assert_true(count < 4096);
      strand *s = &strands[count++];
      *s = (strand){.b = DURABLE_ENGINE_BRANCH_INFO_INIT, .outer = 1};
      assert_int_equal(durable_engine_branch(sc.e, g, &s->b), 0);
      enter(&s->b);
      s->group = group(NULL, WIDE, NULL);
      continue;
    }
    assert_int_equal(answer, PARK);
    for (size_t i = 0; i < count; i++) {
      strand *s = &strands[i];
      sc.task = s->b.task;
      if (s->outer) {
        answer = sc_next(s->group);
        if (answer == SPAWN) {
          assert_true(count < 4096);
          strand *inner = &strands[count++];
          *inner = (strand){.b = DURABLE_ENGINE_BRANCH_INFO_INIT};
          assert_int_equal(durable_engine_branch(sc.e, s->group, &inner->b), 0);
          enter(&inner->b);
          inner->group = callback();
        }
      } else {
        answer = sc_next(s->group);
        if (answer == DONE) {
          int result = durable_engine_callback_result(sc.e, sc.task, s->group);
          answer = sc_next(result);
        }
      }
      if (answer == SUSPEND) {
        unwinds(&s->b);
        *s = strands[--count];
        i--;
      }
    }
    most = count > most ? count : most;
    sc_pump();
    for (size_t i = 0; i < count; i++)
      sc_woken(strands[i].b.task);
    sc_woken(sc.root);
  }
  assert_true(unwinding);
  for (size_t i = 0; i < count; i++)
    unwinds(&strands[i].b);
  assert_int_equal(sc_unwind(), FINISH);
  sc_output_is("{'Status':'PENDING'}");
  size_t callbacks = 0;
  for (size_t i = 0; i < sc_updates(); i++)
    callbacks += strcmp(sc_update(i, "SubType"), "Callback") == 0;
  assert_int_equal(callbacks, WIDE * WIDE);
  assert_true(most <= 24);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SC_TEST(spawn_waits_for_a_thread),
      SC_TEST(a_parked_branch_gives_its_thread),
      SC_TEST(a_branch_spawned_again_replays),
      SC_TEST(an_outcome_after_giving_up),
      SC_TEST(nested_groups_need_no_thread_each),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
