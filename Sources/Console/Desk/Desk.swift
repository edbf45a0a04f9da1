package import Logging
package import Operating

/// Everything that the console needs in order to act.
package struct Desk: Sendable {
    let signIn: SignIn
    let errands: Errands
    let reports: Reports

    /// A desk with the accounts of a home, where submitted files also wait, and with the program that carries out acts.
    package init(home: Home, runner: ProgramRunner, logger: Logger) {
        signIn = SignIn(AccountBook(home))
        errands = Errands(runner, home: home, logger: logger)
        reports = Reports(runner)
    }
}
