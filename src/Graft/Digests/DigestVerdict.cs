namespace Graft;

/// <summary>What the digests of an entry say so far.</summary>
internal enum DigestVerdict
{
    /// <summary>Nothing differs, and not everybody has reported.</summary>
    Open,

    /// <summary>Every member with a state has the same.</summary>
    Agree,

    /// <summary>States differ, and no majority of voters has the same: nobody can tell which is right.</summary>
    Differ,

    /// <summary>A majority of voters has the same, and this node has another.</summary>
    OursIsWrong,

    /// <summary>A majority of voters has the same, and somebody else has another.</summary>
    AnothersIsWrong,
}
