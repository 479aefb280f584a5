internal import Core
package import Recovery
package import System

/// What became of the jobs of a batch.
package struct BatchAnswer {
  private let jobs: [(job: BatchRun.Job, outcome: BatchRun.Outcome?)]

  /// - Parameter outcomes: per job; nil for those that did not begin.
  package init(_ jobs: [BatchRun.Job], _ outcomes: [BatchRun.Outcome?]) {
    self.jobs = zip(jobs, outcomes).map { ($0, $1) }
  }

  /// A job, for programs.
  private struct Line: Encodable {
    var job: String
    /// The run directory.
    var run: String
    /// recovered, finished_before, failed or not_started.
    var outcome: String
    var models: Int?
    var families: Int?
    var seconds: Double?
    var failure: String?

    init(_ job: BatchRun.Job, _ end: BatchRun.Outcome?) {
      (self.job, run) = (job.name, job.out)
      switch end {
      case .recovered(let models, let families, let seconds):
        (outcome, self.models, self.families, self.seconds) = ("recovered", models, families, seconds)
      case .hadResults: outcome = "finished_before"
      case .failed(let failure): (outcome, self.failure) = ("failed", failure.message)
      case nil: outcome = "not_started"
      }
    }
  }

  package var json: String { JSONText.answer(jobs.map { Line($0.job, $0.outcome) }) }

  /// A line for each job.
  package var text: String {
    jobs.map { job, outcome in
      let became =
        switch outcome {
        case .recovered(let models, let families, _):
          "\(counted(models, "model")), \(counted(families, "family", "families"))"
        case .hadResults: "finished before"
        case .failed: "no tree"
        case nil: "not started"
        }
      return "\(job.name.printable): \(became), \(job.out)\n"
    }.joined()
  }

  /// What the whole batch fails with: the kind says whether repeating the command may help.
  package var failure: Failure? {
    let failures = jobs.compactMap { job, outcome -> (name: String, failure: Failure)? in
      if case .failed(let failure) = outcome { (job.name, failure) } else { nil }
    }
    guard let first = failures.first else { return nil }
    let worst = failures.first { $0.failure.kind == .resumable } ?? first
    return Failure(
      worst.failure.kind,
      "\(failures.count) of \(jobs.count) jobs have no tree: \(failures.map(\.name.printable).joined(separator: ", "))",
      advice: "see the errors above, then repeat the same command to resume")
  }
}
