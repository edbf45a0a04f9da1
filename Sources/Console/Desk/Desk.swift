/// What the console needs to do something.
package struct Desk: Sendable {
    let signIn: SignIn

    package init(_ signIn: SignIn) { self.signIn = signIn }
}
