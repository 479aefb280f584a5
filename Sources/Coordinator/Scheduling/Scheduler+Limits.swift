extension Scheduler {
  package struct Limits: Sendable {
    /// A worker that is silent for longer is given up.
    package var silence: Duration
    /// A task is set aside after so many attempts that ended in death or failure.
    package var attempts: Int
    /// Near the end, a task leased for longer is handed out a second time.
    package var straggling: Duration
    /// Near the end, a task that waits in a worker's queue for longer goes to an idle one.
    package var queuing: Duration
    /// First answers that may wait for a second opinion at a time.
    package var held: Int
    /// Share of the tasks, answered by workers on other hosts, that are computed twice, as long as there is somebody
    /// to ask.
    package var verifiedElsewhere: Double
    /// Near the end, a task that a newcomer holds for longer is lent again, where nobody has answered yet.
    package var newcomers: Duration
    /// No task of a worker that is not the coordinator's own is lent again sooner.
    package var shortest: Duration
    /// How often it is looked who holds tasks without progress.
    package var review: Duration

    package init(
      silence: Duration = .seconds(10), attempts: Int = 3, straggling: Duration = .seconds(30),
      queuing: Duration = .seconds(1), held: Int = 64, verifiedElsewhere: Double = 0,
      newcomers: Duration = .seconds(5), shortest: Duration = .milliseconds(250), review: Duration = .seconds(1)
    ) {
      self.silence = silence
      self.attempts = attempts
      self.straggling = straggling
      self.queuing = queuing
      self.held = held
      self.verifiedElsewhere = verifiedElsewhere
      self.newcomers = newcomers
      self.shortest = shortest
      self.review = review
    }
  }
}
