internal import Core
internal import Foundation
package import Logging
package import Monitoring
package import Planning
package import System
internal import Transport

/// A pool of workers, and the thread that hands them shards until every one is finished and durable.
///
/// Any thread may bring work and wait for it; several runs share the pool evenly.
package final class ShardServer: Sendable {
  private let mailbox: Mailbox<ServingEvent>
  private let ended: Promise<Void>
  /// Where workers connect to.
  package let endpoint: String

  /// Opens the endpoint, starts own workers if there are to be any, and begins to serve.
  ///
  /// - Parameters:
  ///   - largestAnswer: bytes of the largest partial that a worker may send; see `largestAnswer(_:)`.
  ///   - directory: where the whole pool's `status.json` goes; nil when runs keep one each and that is
  ///     all.
  ///   - board: told once a second what there is to see.
  /// - Throws: `Failure` when the endpoint cannot be opened or no worker can be started.
  package init(
    _ listening: Listening, options: ServingOptions, largestAnswer: Int, directory: String? = nil,
    board: StatusBoard, logger: Logger
  ) throws(Failure) {
    let mailbox = Mailbox<ServingEvent>()
    let opened = Promise<String>()
    let ended = Promise<Void>()
    let thread = Thread {
      do throws(Failure) {
        let loop = try ServingLoop(
          listening, options: options, largestAnswer: largestAnswer, directory: directory,
          mailbox: mailbox, board: board, logger: logger)
        opened.fulfil(.success(loop.endpoint))
        loop.run()
      } catch {
        opened.fulfil(.failure(error))
      }
      ended.fulfil(.success(()))
    }
    thread.name = "shard server"
    thread.stackSize = 8 << 20
    thread.start()
    endpoint = try opened.wait()
    self.mailbox = mailbox
    self.ended = ended
  }

  /// The largest answer that a shard of the plan can have, in bytes.
  package static func largestAnswer(_ plan: Plan) -> Int { ServedJob.largestAnswer(plan) }

  /// What a pool whose runs are not known yet should allow: partials of more than 5,000 models.
  package static let generousAnswer = 256 << 20

  /// Has the shards of a run computed; waits until they are done, or cannot be.
  ///
  /// - Throws: `Failure` when the run's journal cannot be written or no worker can live.
  package func compute(_ work: ShardWork) throws(Failure) -> ShardWork.Report {
    let report = Promise<ShardWork.Report>()
    mailbox.post(.work(work, report))
    return try report.wait()
  }

  /// Ends all waiting for shards; no worker is sent away, so that they wait for the next session.
  package func stop(signal: Int32) { mailbox.post(.signal(signal)) }

  /// No more work comes: workers are sent home when the last shard is done, and those that come later
  /// at once.
  package func close() { mailbox.post(.closing) }

  /// Tells onlookers what a run is doing outside of its shards.
  package func note(_ run: String, _ state: PoolStatus.State) { mailbox.post(.note(run, state)) }

  /// Tells onlookers what a run's finished tensors say so far.
  package func note(_ run: String, tree: JobStatus.PartialTree) { mailbox.post(.tree(run, tree)) }

  /// Tells onlookers that an error ended a run, perhaps before it had shards.
  ///
  /// - Parameters:
  ///   - job: its name.
  ///   - directory: of the run.
  ///   - failure: what ended it.
  package func fail(_ job: String, directory: String, _ failure: Failure) {
    mailbox.post(.failed(job, directory: directory, failure))
  }

  /// Ends the serving thread and waits for it.
  package func end() {
    mailbox.post(.end)
    _ = try? ended.wait()
  }
}

/// What the serving thread is told by others.
enum ServingEvent: Sendable {
  case work(ShardWork, Promise<ShardWork.Report>)
  case signal(Int32)
  case workerEnded(process: Int)
  case note(String, PoolStatus.State)
  case tree(String, JobStatus.PartialTree)
  case failed(String, directory: String, Failure)
  case closing
  case end
}
