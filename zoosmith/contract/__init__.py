"""What a builder, a task and a runtime see: the whole contract, and nothing of the engine.

A builder is one module in `builders/`; its file name is the name that recipes use. Module level:

========== ==================================================================== =========
`FORMAT`   runtime that opens the result (a file in `runtimes/`)                 required
`PRECISION` of the stored weights, such as "fp32" or "int8"                      required
`ACCEPTS`  role -> formats of parents; `from: x` in a recipe is the role "from"  required
`Params`   a subclass of `Params` below                                          required
`build`    `build(job: Job) -> Session | None`; None for a converter             required
`DATA`     splits that it reads, out of train, dev, calibration; never eval      ()
`REQUIRES` packages whose versions enter the action key                          ()
`TOOLS`    files that enter the key by hash, relative to the project; or by name
           a `PypiTool`, whose folder `job.tool(name)` gives                     ()
`REPRODUCES` "bytes" or "logits": what a rebuild gives again                     "bytes"
`RELATION` to the base as the Hugging Face hub names it: "finetune", "quantized" ... absent
`NEEDS`    roles of parents that the artifact cannot be opened without           ()
`DEVICES`  where it can compute beside the CPU, such as "cuda"                  ()
`TIMEOUT_S` seconds after which the step is ended                                a day
`ENVIRONMENT` pinned pip requirements, where its library cannot share ours       ()
`output(params) -> Output`  instead of FORMAT, PRECISION, RELATION, NEEDS, if params decide
`accepts(params)`, `data(params)`  likewise instead of ACCEPTS and DATA
`check(params) -> Tolerance | None`  parity with the parent, if it is claimed; a converter must
`resources(params, parents) -> Resources`  CPUs and memory, for `doit -n`
========== ==================================================================== =========
"""
