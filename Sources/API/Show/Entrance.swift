import Signaling
import Wire

/// Who comes into a show, after the tokens have been checked.
struct Entrance: Sendable {
    let client: ClientID
    let role: ClientRole
    let name: String?
    /// The shop has given the name: nobody else changes it.
    let isNameGiven: Bool
    let place: PlaceWish
    let iceServers: [ICEServer]
    /// Takes the session up again.
    let resumeToken: String
}
