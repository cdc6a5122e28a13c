namespace Graft;

/// <summary>Implemented beside <see cref="IStateMachine"/> by one that can say in a few bytes what its state is: nodes compare it at the same entry.</summary>
/// <remarks>
/// How often, <see cref="NodeOptions.CompareInterval"/> says. A node whose state differs from that of a majority of voters applies nothing further
/// (<see cref="ApplyHaltedException"/>); each difference raises <see cref="GroupAlarmKind.StatesDiffer"/>.
/// </remarks>
public interface IDigest
{
    /// <summary>Begins a digest of the state as it is now, quickly: commands wait meanwhile. It's computed while they go on.</summary>
    /// <remarks>Never beside another call of the state machine. An exception means that this node can't go on, as one of <see cref="IStateMachine.ApplyAsync"/> does.</remarks>
    /// <returns>Null if it has none after all; it isn't asked again then.</returns>
    ValueTask<IStateDigest?> BeginDigestAsync();
}
