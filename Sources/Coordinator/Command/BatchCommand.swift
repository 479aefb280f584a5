import ArgumentParser
import Batch
import Coordination
import Core
import Foundation
import Glibc
import Printing
import Recovery
import System
import Transport

struct BatchCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "batch",
    abstract: "Recovers the trees of many collections with one pool of workers.",
    discussion: """
      The file lists jobs: paths of collections, or name, models and options of 'recover' without \
      their dashes. Paths are relative to the file. Each job has its own run directory. To resume \
      an interrupted batch, repeat the command; finished jobs are left alone.

      Example of a file:
        out: runs
        jobs:
          - models/llamas
          - name: vits
            models: [models/vits, more/vit-x]
            distance: l2

      Examples, on this machine and with workers from elsewhere:
        modeltree batch jobs.yaml
        modeltree batch jobs.yaml --listen tcp://0.0.0.0:5555 --keys keys
      """)

  @Argument(help: ArgumentHelp("The list of jobs, as YAML.", valueName: "jobs.yaml"), completion: .file()) var path:
    String

  @Option(help: ArgumentHelp("Where the run directories go; overrides the file's 'out'.", valueName: "dir"))
  var out: String?

  @Option(help: "Number of jobs that share the pool at the same time, evenly.")
  var atOnce: Int = 4

  @Flag(help: "Start over: delete the results and the progress in the run directories.")
  var redo = false

  @OptionGroup var workers: PoolArguments
  @OptionGroup(title: "Checks") var checking: CheckingArguments
  @OptionGroup(title: "Monitoring") var watching: MonitoringArguments
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func validate() throws {
    guard 1...4096 ~= atOnce else { throw ValidationError("--at-once must be between 1 and 4096, got \(atOnce)") }
  }

  func run() throws {
    let interruption = Interruption.endingProgram()
    watching.apply()
    try reporting { () throws(Failure) in
      let list = try JobList(path: path, out: out)
      var jobs: [BatchRun.Job] = []
      for job in list.jobs { jobs.append(try understood(job)) }
      let remote = try workers.remote()
      let directory = try BatchDirectory(path: list.out)
      let listening = if let remote { remote } else { try checking.local(workers.here, log: directory.log) }
      let pool = try ShardPool(
        listening, serving: checking.serving, http: watching.http, interruption: interruption,
        logger: directory.logger, directory: directory.path, report: Console.show)
      defer { pool.end() }
      let batch = BatchRun(jobs, pool: pool, redo: redo, report: Self.show)
      interruption.handle { number in
        batch.stop()
        pool.stop(signal: number)
        Self.leave(number, pool)
      }
      try pool.open()
      let outcomes = batch.run(atOnce: atOnce)
      pool.close()
      let answer = BatchAnswer(jobs, outcomes)
      Console.result(json ? answer.json : answer.text)
      if let failure = answer.failure { throw failure }
    }
  }

  /// Gives the jobs that wait for shards a moment to report, then ends the program: one that is reading headers or
  /// solving loses nothing by that.
  private static func leave(_ number: Int32, _ pool: ShardPool) {
    pool.end()
    usleep(200_000)
    Console.say("modeltree: stopped; repeat the same command to resume")
    _exit(number == SIGINT ? Failure.Kind.interrupted.rawValue : Failure.Kind.resumable.rawValue)
  }

  private static func show(_ job: String, _ event: BatchRun.Event) {
    switch event {
    case .run(let event): Console.say(event.text, job: job)
    case .ended(.recovered(_, _, let seconds)): Console.say("done in \(fixed(seconds, 1)) s", job: job)
    case .ended(.hadResults): Console.say("has its results already", job: job)
    case .ended(.failed(let failure)): Console.error("\(failure)", job: job)
    }
  }

  private func understood(_ job: JobList.Job) throws(Failure) -> BatchRun.Job {
    var arguments = ["--out", job.out]
    for (name, value) in job.options.sorted(by: { $0.key < $1.key }) { arguments.append("--\(name)=\(value)") }
    do {
      let options = try RecoveryOptions.parse(arguments + ["--"] + job.models)
      return BatchRun.Job(name: job.name, out: job.out, invocation: Invocation(options))
    } catch {
      throw .badInput(
        "job '\(job.name.printable)' of '\(path.printable)': \(RecoveryOptions.message(for: error).printable)",
        advice: "fix the job; 'modeltree recover --help' lists the options")
    }
  }
}
