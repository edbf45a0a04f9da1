package import Logging
package import Operating

/// Everything that the console needs in order to act.
package struct Desk: Sendable {
    let signIn: SignIn
    /// Single sign-on; nil if it is not set up.
    let singleSignOn: SingleSignOn?
    let errands: Errands
    let reports: Reports
    let looks: LastLooks
    /// Where the results of audits are kept.
    let home: Home

    /// A desk with the accounts of a home, where submitted files also wait, and with the program that carries out acts.
    ///
    /// - Parameters:
    ///   - home: the installation's home.
    ///   - runner: runs the program.
    ///   - address: the public address of a proxy in front of the console; nil if people are on this machine.
    ///   - singleSignOn: if people can sign in at a provider.
    ///   - clock: the time.
    ///   - logger: for what the operator must know.
    package init(
        home: Home,
        runner: ProgramRunner,
        address: PublicAddress? = nil,
        singleSignOn: SingleSignOn? = nil,
        clock: ConsoleClock = .machine,
        logger: Logger
    ) {
        self.singleSignOn = singleSignOn
        self.home = home
        signIn = SignIn(AccountBook(home), SiteAddress(publicAddress: address), clock)
        errands = Errands(runner, home: home, logger: logger)
        reports = Reports(runner)
        looks = LastLooks(home)
    }
}
