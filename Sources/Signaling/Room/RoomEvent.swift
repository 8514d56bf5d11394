package import Wire

/// What happens to a room.
package enum RoomEvent: Sendable {
    /// Somebody whose token has been checked comes in.
    case joined(
        ClientID, role: ClientRole, name: String?, isNameGiven: Bool = false, iceServers: [ICEServer],
        place: PlaceWish = .take, resumeToken: String = "")
    case left(ClientID)
    case message(ClientID, ClientMessage)
    /// A member sent something that is no message.
    case refused(ClientID, MessageError)
    /// These effects `.store` are done, in order.
    case stored([ShowWrite])
    /// These are in the store, whatever was said of them before.
    case kept([ShowWrite])
    /// These could not be done now.
    case notStored([ShowWrite])
    /// Title, description, time, delivery, recording or what is pinned changed: this is what the store has.
    case recordChanged(Livestream)
    case chatRemoved(MessageID)
    /// Nobody is to see any more who said what this name said.
    case nameErased(String)
    /// An encoder publishes to the relay: it stands in for an admin's page.
    case encoderStarted
    /// The relay has taken the admin's uplink, and answers.
    case relayAnswered(sdp: String)
    /// The relay offers to this viewer.
    case relayOffered(ClientID, sdp: String)
    /// The relay could not do what was asked for this client.
    case relayRefused(ClientID, reason: String)
    /// Nothing comes from the admin or encoder any more: the relay has let go of its viewers, too.
    case uplinkEnded
    /// This viewer doesn't play the codec of the picture, and has its sound alone.
    case relayNotPlayed(ClientID, codec: String)
    /// What the relay can send this viewer has changed.
    case qualityChanged(ClientID, ViewingQuality)
    /// Another uplink has taken over at the relay, with codecs that viewers were not told of.
    case uplinkChanged
    /// An uplink's media are shown from now on: a studio page's, or an encoder's.
    case uplinkShown(ofStudio: Bool)
    /// How many watch by an offer of their own.
    case playersChanged(Int)
    /// The livestream is gone.
    case deleted
    /// The room's `nextDeadline` has come.
    case deadline
}

/// What a room wants done, in order.
package enum RoomEffect: Equatable, Sendable {
    case send(ServerMessage, to: ClientID)
    /// To every member.
    case broadcast(ServerMessage)
    /// After what was sent before. The room has forgotten the client.
    case close(ClientID, CloseCode)
    /// To be answered by `.stored` or `.notStored`.
    case store(ShowWrite)
    case relay(RelayRequest)
    /// A viewer says what he saw: for the server's figures.
    case viewed(ViewReport)
}

/// What a room asks of the relay.
package enum RelayRequest: Equatable, Sendable {
    /// Take this admin's offer as the uplink; answered by `.relayAnswered` or `.relayRefused`.
    case publish(by: ClientID, sdp: String)
    /// Offer to this viewer; answered by `.relayOffered` or `.relayRefused`.
    case invite(ClientID)
    /// The viewer's answer to the last offer.
    case accept(ClientID, sdp: String)
    /// Let go of this viewer.
    case dismiss(ClientID)
    /// Let go of everybody: the show is over.
    case endAll
}
