namespace Graft;

/// <summary>Implemented beside <see cref="IStateMachine"/> by one that can say in a few bytes what its state is: nodes compare it at the same entry.</summary>
public interface IDigest
{
    /// <summary>Begins a digest of the state as it is now, quickly: commands wait meanwhile. It's computed while they go on.</summary>
    /// <returns>Null if it has none after all; it isn't asked again then.</returns>
    ValueTask<IStateDigest?> BeginDigestAsync();
}
