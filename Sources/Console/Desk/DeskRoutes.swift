internal import Operating

/// Every address that does something.
enum DeskRoutes {
    static let all: [DeskRoute] = signing

    private static let next = QueryParameter("next", "Where to go on afterwards.", .text(RequestTarget.longest))

    private static let signing: [DeskRoute] = [
        DeskRoute(.get, Address.signIn, needs: .everybody, query: [next]) { try SignInPage.show($0) },
        DeskRoute(.post, Address.signIn, needs: .everybody) { try await SignInPage.take($0) },
        DeskRoute(.post, Address.signOut, needs: .district) { call in
            .seeOther(Address.signIn, headers: [call.desk.signIn.signOut(call.request)])
        },
    ]
}
