"""Tasks: what an artifact answers. One folder a kind with three modules, or one module that has all their names.

`encoding`, which builders run and whose code enters build keys:

========== =========================================================================
`INPUTS`   names of the text columns of a row
`OFFERS`   capabilities that a model of this task has, as sessions name them
`AUTO_MODEL` the transformers class that loads a checkpoint of this task
`PROBES`   fixed inputs for the load-back check
`inputs_of(prompt, columns) -> tuple`  of a task that asks with the recipe's prompt: its inputs; raises ZooError
`bind(spec, folder) -> Task`  the task with a tokenizer, see `zoosmith.contract.task`
`check_columns(names)`  of a kind of eval: raises ZooError unless rows with these columns can be asked about
`over(task, scoring) -> Task`  of a kind of eval that asks an artifact's own task again; bound by it instead of `bind`
========== =========================================================================

`scoring`, which judges what artifacts answer and enters no build key:

========== =========================================================================
`CAPABILITY` what a session must offer to be asked
`METRICS`  name -> `MetricInfo`, the metrics of an eval and those of its comparison
`QUICK_TOKENS` how many tokens suite quick measures at most
`STREAMED` whether `outcome` needs the reference's whole response beside the artifact's
`LATENCY_OF` what one timed call answers: "call" or "token"
`respond(session, task, example, like) -> Response`  asks; `like` is the reference's response to the same example
`outcome(response, example, reference) -> Outcome`  reduced in the process that answered
`lost(example) -> Outcome`  of a kind that counts what fails: of an example that ends the process twice
`score(outcomes, examples, task) -> dict`  "metrics" as estimates, and "details"
`compare(mine, theirs, examples, task, reference) -> dict`  "delta", "divergence", "lost", "won"
`suspicion(outcomes, examples, task) -> str | None`  why these answers cannot be right
`reproduces(expected, found, probes)`  raises BuildError unless both responses to the probes are the same
`preserves(theirs, mine, tolerance, labels) -> dict`  the divergences; raises BuildError beyond the tolerance
`rebuilt(first, second) -> tuple[bool, str]`  whether two builds answer alike, and how far apart they are
`answer(session, task, value)`  what a user sees of the answer to one input
`stream(session, task, value, on_text)`  likewise, if an answer comes bit by bit
`stopwatch(session, task, inputs) -> Stopwatch`  what benchmarks time
========== =========================================================================

`reporting`, the words of cards: `PIPELINE_TAG` as the hub calls it, `HEADLINE` metrics by preference, and what else
`zoosmith.cards` asks for.
"""
