package import Logging
package import Operating

/// Everything that the console needs in order to act.
package struct Desk: Sendable {
    let signIn: SignIn
    /// Single sign-on; nil if it is not set up.
    let singleSignOn: SingleSignOn?
    let errands: Errands
    let reports: Reports
    /// Where the results of audits are kept.
    let home: Home

    /// A desk with the accounts of a home, where submitted files also wait, and with the program that carries out acts.
    package init(home: Home, runner: ProgramRunner, singleSignOn: SingleSignOn? = nil, logger: Logger) {
        self.singleSignOn = singleSignOn
        self.home = home
        signIn = SignIn(AccountBook(home))
        errands = Errands(runner, home: home, logger: logger)
        reports = Reports(runner)
    }
}
