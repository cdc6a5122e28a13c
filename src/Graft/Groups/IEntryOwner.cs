namespace Graft;

/// <summary>Who owns the bytes of some entries that lie one behind the other.</summary>
internal interface IEntryOwner
{
    /// <summary>The last of them has been let go.</summary>
    void Release();
}
