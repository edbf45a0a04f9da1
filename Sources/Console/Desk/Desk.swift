package import Logging
package import Operating

/// What the console needs to do something.
package struct Desk: Sendable {
    let signIn: SignIn
    let errands: Errands
    let reports: Reports

    /// A desk of the accounts in a home, where files wait too, and of the program that acts.
    package init(home: Home, runner: ProgramRunner, logger: Logger) {
        signIn = SignIn(AccountBook(home))
        errands = Errands(runner, home: home, logger: logger)
        reports = Reports(runner)
    }
}
